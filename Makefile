# Everything a newcomer needs: `make run` and `make test`. Both install what is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
# Where the system knows how: what is started so is told to end when the shell that started it dies, however that dies.
ENDS_WITH_US := $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM)

# The tests start Python a hundred times and more: they keep compiled code (3.5 s a start) even if the shell forbids it.
TESTS := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-fast check audit bench pins clean

# The living demo city at http://localhost:8501, until Ctrl-C.
run: $(INSTALLED)
	$(BIN)/python -m ui.base.settings_files
	$(BIN)/python -m reportdb demo --if-empty
	$(ENDS_WITH_US) $(BIN)/python -m reportdb simulate --per-hour 12 & simulation=$$!; \
	MALLOC_ARENA_MAX=1 $(ENDS_WITH_US) $(BIN)/streamlit run dashboard.py & dashboard=$$!; \
	trap 'exit 130' INT TERM HUP; trap 'kill $$simulation $$dashboard 2>/dev/null; wait' EXIT; \
	wait $$dashboard

# Everything: style, types, unit tests, real cities' data, browser.
test: check
	.ci/chromium
	.ci/nginx
	$(TESTS) --durations=15

# The tests without a browser, without those that start whole servers and without the slowest.
test-fast: $(INSTALLED)
	$(TESTS) -m "not browser and not slow"

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Known holes in what we run on, and secrets in what we keep.
audit: $(INSTALLED)
	$(BIN)/python .ci/audit.py

# What answers and pages cost; the large city is made once, in more than an hour.
bench: $(INSTALLED)
	$(BIN)/python -m bench queries
	$(BIN)/python -m bench pages
	$(BIN)/python -m bench live
	$(BIN)/python -m bench greedy
	$(BIN)/python -m bench outages
	$(BIN)/python -m bench scope
	$(BIN)/python -m bench working-time
	$(BIN)/python -m bench ranking
	$(BIN)/python -m bench change
	$(BIN)/python -m bench.map

# Pin what requirements*.in name, with all they need.
pins: $(INSTALLED)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --upgrade requirements-dev.in -o requirements-dev.txt

clean:
	case "$$(readlink .reportdb/data)" in /var/lib/reportdb/data-*/data) rm -rf "$$(dirname "$$(readlink .reportdb/data)")";; esac
	rm -rf $(VENV) .reportdb .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(INSTALLED): requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	touch $@
