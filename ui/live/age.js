// How old is what the screen shows. The server's beats say until when it was true; between and without them the browser
// counts on. A clock of the browser that is wrong or set anew does no harm: only passed time is taken from it.
// Nothing looks live that no beat has said to be: `--live` hides the header's word for it (panel.css) until one comes.
export default function ({ data, parentElement }) {
  const age = parentElement.querySelector(".age")
  const root = age.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  age.told = data
  document.asked ??= [performance.now(), Date.now()]
  document.age = () => told(data)  // a wall draws it in its own way
  age.ticking ??= setInterval(() => (age.isConnected ? draw(age) : stop(age)), 500)
  draw(age)
}

function stop(age) {
  clearInterval(age.ticking)
  age.ticking = undefined
}

// What is known at this instant: the city's time, how old the figures are, in which tone, and why. Before the first beat
// there is no time of the city's; nothing is said while that one may still be on its way.
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
  // Beats come and pages do not: they take another way, which a proxy must open (a WebSocket).
  return !socketIsOpen() ? "socket" : away ? "away" : "slow"
}

// A machine that slept has stopped the one clock and not the other.
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
  write(age.querySelector("span"), tone === "green" ? "" : words)  // who hears the page is not told every second
  known.link(age.querySelector("a"))
}

// The way to sign in again, where the proxy in front asks for that.
function link(way, cause, words) {
  way.hidden = cause !== "signed_out"
  way.href = location.href
  way.onclick = reload
  write(way, words)
}

// Loaded anew, the page is behind the sign-in that stands in front of it. A link to the address that is open would not
// load it where there is a "#" in it.
function reload(event) {
  event.preventDefault()
  location.reload()
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
