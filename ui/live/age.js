// Shows the age of the data. The server's heartbeats say until when the page was verified; between and without them the
// browser counts on. Only elapsed time is taken from the browser's clocks, so a wrong or reset clock does no harm.
// `--live` hides the header's live marker (panel.css) until a heartbeat has confirmed it.
export default function ({ data, parentElement }) {
  const age = parentElement.querySelector(".age")
  const root = age.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  age.told = data
  document.asked ??= [performance.now(), Date.now()]
  document.age = () => told(data)  // a wall draws it differently
  age.ticking ??= setInterval(() => (age.isConnected ? draw(age) : stop(age)), 500)
  draw(age)
}

function stop(age) {
  clearInterval(age.ticking)
  age.ticking = undefined
}

// The current state: the city's time, the data's age, its tone, and the cause. Before the first heartbeat the city's
// time is unknown; return nothing until that heartbeat is overdue.
function told(said) {
  const { words, language, locale, zone } = said
  const silent = since(document.heard ?? document.asked)
  const [sent, trueAt, away, ...at] = document.beat ?? []
  const now = document.beat && sent + since(at)
  const old = document.beat ? Math.max(now - trueAt, 0) : silent
  const tone = old >= said.red ? "red" : old >= said.amber ? "amber" : "green"
  if (!document.beat && tone === "green") return undefined
  const cause = tone === "green" ? "green" : why(silent >= said.amber / 2, away)
  const quiet = ["lost", "address", "signed_out"].includes(cause)
  return {
    tone,
    now: now && new Date(now),
    zone,
    locale,
    old,
    silent,
    cause,
    words: words[cause].replace("{age}", inWords(quiet ? silent : old, language)),
    alarm: words.alarm.replace("{age}", inWords(old, language)),
    link: (way) => link(way, cause, words.sign_in),
  }
}

function why(silent, away) {
  if (silent) return document.silence || "lost"
  // Heartbeats arrive but pages do not: pages need a WebSocket, which a proxy must allow.
  const { testConnectionState } = document.querySelector('[data-testid="stApp"]').dataset
  return testConnectionState !== "CONNECTED" ? "socket" : away ? "away" : "slow"
}

// While a machine sleeps, performance.now() may stop and Date.now() does not.
function since([running, clock]) {
  return Math.max(performance.now() - running, Date.now() - clock, 0)
}

function inWords(milliseconds, language) {
  const seconds = Math.floor(milliseconds / 1000)
  const [value, unit] =
    seconds < 120 ? [seconds, "second"]
    : seconds < 7200 ? [Math.floor(seconds / 60), "minute"]
    : seconds < 172800 ? [Math.floor(seconds / 3600), "hour"]
    : [Math.floor(seconds / 86400), "day"]
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value)
}

function draw(age) {
  const known = age.told.wall ? undefined : told(age.told)
  document.documentElement.style.setProperty("--live", known?.tone === "green" ? "visible" : "hidden")
  age.hidden = !known
  if (!known) return
  const { tone, now, zone, words } = known
  document.documentElement.dataset.age = tone
  age.dataset.tone = tone
  const clock = new Intl.DateTimeFormat("vi", { timeStyle: "medium", timeZone: zone })
  write(age.querySelector("b"), now ? clock.format(now) : "")
  age.title = words
  write(age.querySelector("span"), tone === "green" ? "" : words)  // a screen reader must not announce it every second
  known.link(age.querySelector("a"))
}

// The link to sign in again, when a proxy asks for that.
function link(way, cause, words) {
  way.hidden = cause !== "signed_out"
  way.href = location.href
  way.onclick = reload
  write(way, words)
}

// Reloading brings up the proxy's sign-in. A link to the current address would not reload the page if it contains "#".
function reload(event) {
  event.preventDefault()
  location.reload()
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
