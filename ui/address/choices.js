// Controls whose choice is a parameter of the address (ui/address/controls.py). A choice changes the address as it is
// at that instant, so that two quick choices both count. Part of panel.js: a control is a panel.

// Sets a parameter of the address; a list returns to its first page, unless only the language changes.
function choose(word, values) {
  const address = new URL(location.href)
  address.searchParams.delete(word)
  if (word !== "lang") for (const place of ["page", "before"]) address.searchParams.delete(place)
  for (const value of values) if (value) address.searchParams.append(word, value)
  turnTo(address)
}

function choosing(panel) {
  if (!panel.querySelector("[data-word]") || panel.chooses) return
  panel.chooses = true
  panel.addEventListener("change", ({ target }) => {
    if (target.matches(".choice-words")) choose(target.dataset.word, [target.value.trim()])
  })
  panel.addEventListener("input", ({ target }) => {
    if (target.role === "combobox") show(panel, true)
  })
  panel.addEventListener("focusout", ({ relatedTarget }) => {
    if (!panel.drawing && !panel.contains(relatedTarget)) close(panel)
  })
  // A press inside the box keeps the focus in its field.
  panel.addEventListener("mousedown", (event) => {
    if (!event.target.closest(".some-box, .some-list")) return
    if (event.target.role !== "combobox") event.preventDefault()
    field(panel).focus()
  })
  panel.addEventListener("click", ({ target }) => {
    const picked = target.closest("[role=option], .some-tag")
    if (picked) toggle(panel, picked.dataset.value)
    else if (target.closest(".some-box")) show(panel, true)
  })
  panel.addEventListener("keydown", (event) => pressed(panel, event))
}

const field = (panel) => panel.querySelector("[role=combobox]")
const found = (panel) => [...panel.querySelectorAll("[role=option]:not([hidden])")]

function pressed(panel, event) {
  const input = field(panel)
  if (!input || event.target !== input || event.isComposing) return
  const open = input.ariaExpanded === "true"
  const steps = { ArrowDown: 1, ArrowUp: -1 }
  if (event.key in steps) {
    const options = show(panel, true)
    const place = options.findIndex((option) => option.id === input.getAttribute("aria-activedescendant"))
    const step = open || place < 0 ? steps[event.key] : 0
    point(panel, options[place < 0 && step < 0 ? options.length - 1 : (place + step + options.length) % options.length])
  } else if (event.key === "Enter" && open) {
    const option = found(panel).find(({ id }) => id === input.getAttribute("aria-activedescendant"))
    if (option) toggle(panel, option.dataset.value)
  } else if (event.key === "Escape" && (open || input.value)) {
    input.value = ""
    close(panel)
  } else if (event.key === "Backspace" && !input.value) {
    const tag = [...panel.querySelectorAll(".some-tag")].at(-1)
    if (tag) toggle(panel, tag.dataset.value)
    return
  } else return
  event.preventDefault()
}

// Opens the list filtered by what was typed, folded as the server folds a search (queries/figures/figures.py: plain).
function show(panel, open) {
  const input = field(panel)
  const words = plain(input.value).split(/\s+/)
  const all = [...panel.querySelectorAll("[role=option]")]
  const holds = (start) => (option) => words.every((word) => `${start}${option.dataset.plain}`.includes(start + word))
  const fits = all.some(holds(" ")) ? holds(" ") : holds("")  // words that begin with it, else words that contain it
  for (const option of all) option.hidden = !fits(option)
  const options = found(panel)
  panel.querySelector(".some-nothing").hidden = options.length > 0
  panel.querySelector(".some-list").hidden = !open
  input.ariaExpanded = String(open)
  const active = options.find(({ id }) => id === input.getAttribute("aria-activedescendant"))
  point(panel, active ?? (input.value.trim() ? options[0] : undefined))
  return options
}

function close(panel) {
  const input = field(panel)
  if (!input) return
  input.value = ""
  input.removeAttribute("aria-activedescendant")
  show(panel, false)
}

function point(panel, option) {
  for (const other of panel.querySelectorAll(".some-active")) other.classList.remove("some-active")
  field(panel).removeAttribute("aria-activedescendant")
  if (!option) return
  option.classList.add("some-active")
  option.scrollIntoView({ block: "nearest" })
  field(panel).setAttribute("aria-activedescendant", option.id)
}

function toggle(panel, value) {
  const { word } = panel.querySelector(".some").dataset
  const chosen = new URL(location.href).searchParams.getAll(word)
  const option = panel.querySelector(`[role=option][data-value="${CSS.escape(value)}"]`)
  const leaves = chosen.includes(value)
  option?.setAttribute("aria-selected", String(!leaves))  // at once, before the next run redraws it
  field(panel).value = ""
  if (field(panel).ariaExpanded === "true") show(panel, true)
  choose(word, leaves ? chosen.filter((other) => other !== value) : [...chosen, value])
}

function plain(words) {
  return words.replace(/[Đđ]/g, "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
}
