// How old is what the screen shows. The server's beats say until when it was true; between and without them the browser
// counts on. A clock of the browser that is wrong or set anew does no harm: only passed time is taken from it.
export default function ({ data, parentElement }) {
  const age = parentElement.querySelector(".age")
  const root = age.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  age.told = data
  document.age = () => told(data)  // a wall draws it in its own way
  age.ticking ??= setInterval(() => (age.isConnected ? draw(age) : stop(age)), 500)
  draw(age)
}

function stop(age) {
  clearInterval(age.ticking)
  age.ticking = undefined
}

// What a beat says at this instant: the city's time, how old the figures are, in which tone, and why.
function told(said) {
  if (!document.beat) return undefined
  const [sent, trueAt, away, running, clock] = document.beat
  // A machine that slept has stopped the one clock and not the other.
  const silent = Math.max(performance.now() - running, Date.now() - clock, 0)
  const now = sent + silent
  const old = Math.max(now - trueAt, 0)
  const tone = old >= said.red ? "red" : old >= said.amber ? "amber" : "green"
  const cause = tone === "green" ? "green" : silent >= said.amber / 2 ? "lost" : away ? "away" : "slow"
  const { words, language, locale, zone } = said
  return {
    tone,
    now: new Date(now),
    zone,
    locale,
    old,
    silent,
    words: words[cause].replace("{age}", inWords(cause === "lost" ? silent : old, language)),
    alarm: words.alarm.replace("{age}", inWords(old, language)),
  }
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
  age.hidden = !known
  if (!known) return
  const { tone, now, zone, words } = known
  document.documentElement.dataset.age = tone
  age.dataset.tone = tone
  write(age.querySelector("b"), new Intl.DateTimeFormat("vi", { timeStyle: "medium", timeZone: zone }).format(now))
  age.title = words
  write(age.querySelector("span"), tone === "green" ? "" : words)  // who hears the page is not told every second
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
