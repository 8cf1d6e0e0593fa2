// A wall: all scenes at once, one of them visible. Turning scenes, the clock, the age and the shift against burn-in
// need no server. Unchanged elements are not touched, so that a refresh does not flicker.
const QUARTER = 250  // milliseconds between two checks of the time
const FADE_TICKER = 8000
const TROUBLE_BEFORE_RELOAD = 300_000

export default function ({ data, parentElement }) {
  const wall = parentElement.querySelector(".wall")
  const root = wall.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  wall.told = data
  wall.turnTo = (place) => show(wall, place)
  wall.drawings = (wall.drawings ?? 0) + 1
  document.wall = wall
  wall.state ??= begin(wall)
  if (!wall.matches(":popover-open")) wall.showPopover()
  fill(wall)
  beat(wall)
}

function begin(wall) {
  const state = { scene: 0, since: performance.now(), paused: 0, touched: 0, reload: performance.now() }
  const touch = (event) => {
    if (event.type === "pointermove" && Math.abs(event.movementX) + Math.abs(event.movementY) < 3) return
    state.touched = performance.now()
    state.paused = state.touched + wall.told.resume * 1000
    const turn = event.target.closest?.(".wall-turn")
    if (event.type === "pointerdown" && turn) show(wall, [...turn.parentElement.children].indexOf(turn))
    if (event.type === "keydown" && event.key === "ArrowRight") show(wall, state.scene + 1)
    if (event.type === "keydown" && event.key === "ArrowLeft") show(wall, state.scene - 1)
    beat(wall)
  }
  const heard = ["pointermove", "pointerdown", "wheel", "keydown"]
  for (const name of heard) (name === "keydown" ? window : wall).addEventListener(name, touch, { passive: true })
  // A late font, the clock or the moment beside the title changes what fits: refit before it is painted.
  const refit = () => wall.querySelectorAll(".wall-scene, .wall-head").forEach(fit)
  document.fonts.ready.then(refit)
  document.fonts.addEventListener("loadingdone", refit)
  const watched = new ResizeObserver(() => fit(wall.querySelector(".wall-head")))
  watched.observe(wall.querySelector(".wall-titles"))
  const ticking = setInterval(() => {
    if (wall.isConnected) return beat(wall)
    clearInterval(ticking)
    window.removeEventListener("keydown", touch)
    document.fonts.removeEventListener("loadingdone", refit)
    watched.disconnect()
    wall.state = undefined
  }, QUARTER)
  return state
}

function fill(wall) {
  const { told, state } = wall
  const scenes = wall.querySelector(".wall-scenes")
  const names = told.scenes.map(({ name }) => name).join()
  if (scenes.dataset.names !== names) {
    scenes.dataset.names = names
    scenes.replaceChildren(...told.scenes.map(({ name }) => made("section", `wall-scene wall-scene-${name}`)))
    wall.querySelector(".wall-turns").replaceChildren(
      ...(told.scenes.length < 2 ? [] : told.scenes.map(() => made("button", "wall-turn", "<span></span><i></i>"))),
    )
    show(wall, 0)
  }
  told.scenes.forEach(({ html }, place) => {
    const scene = scenes.children[place]
    if (scene.drawn !== html) {
      scene.innerHTML = html
      scene.drawn = html
      fit(scene)
    }
  })
  wall.style.setProperty("--zoom", told.zoom)
  write(wall.querySelector(".wall-city"), [told.city, told.says.product].filter(Boolean).join(" · "))
  write(wall.querySelector("h1"), told.scenes[state.scene]?.title ?? "")
  const moment = wall.querySelector(".wall-moment")
  moment.hidden = !told.moment
  write(moment, told.moment)
  document.documentElement.lang = told.language
  fit(wall.querySelector(".wall-head"))
  if (wall.width !== innerWidth || wall.height !== innerHeight) {
    ;[wall.width, wall.height] = [innerWidth, innerHeight]
    for (const scene of scenes.children) fit(scene)
  }
}

// Words too long for their place are set smaller, down to what is still readable from afar.
function fit(scene) {
  for (const words of scene.querySelectorAll(".wall-fit")) {
    words.style.fontSize = ""
    if (words.scrollWidth <= words.clientWidth) continue
    const size = parseFloat(getComputedStyle(words).fontSize)
    const least = Math.min(innerHeight, innerWidth) * 0.0205
    words.style.fontSize = `${Math.max(least, size * (words.clientWidth / words.scrollWidth) * 0.99)}px`
  }
}

function show(wall, place) {
  const { state, told } = wall
  const count = told.scenes.length
  state.scene = ((place % count) + count) % count
  state.since = performance.now()
  ;[...wall.querySelector(".wall-scenes").children].forEach((scene, at) => scene.classList.toggle("wall-seen", at === state.scene))
  write(wall.querySelector("h1"), told.scenes[state.scene].title)
  fit(wall.querySelector(".wall-seen"))
  fit(wall.querySelector(".wall-head"))
}

function beat(wall) {
  const { state, told } = wall
  const now = performance.now()
  const paused = now < state.paused
  if (paused) state.since = now - (state.gone ?? 0)
  state.gone = now - state.since
  if (state.gone >= told.seconds * 1000 && told.scenes.length > 1) {
    show(wall, state.scene + 1)
    state.gone = 0
  }
  wall.classList.toggle("wall-idle", now - state.touched > 3000)
  turns(wall, paused, Math.ceil((state.paused - now) / 1000))
  const age = document.age?.()
  theme(wall, age)
  clock(wall, age)
  tick(wall, now)
  shift(wall)
  heal(state, age, now)
}

function turns(wall, paused, left) {
  const { state, told } = wall
  const part = Math.min(state.gone / (told.seconds * 1000), 1)
  wall.querySelectorAll(".wall-turn").forEach((turn, place) => {
    const done = place === state.scene ? part : 0
    turn.querySelector("i").style.transform = `scaleX(${done.toFixed(3)})`
    turn.classList.toggle("wall-turn-now", place === state.scene)
    const words = told.scenes[place].words
    write(turn.querySelector("span"), paused && place === state.scene ? `${words} · ${told.says.paused.replace("{seconds}", left)}` : words)
  })
  wall.classList.toggle("wall-paused", paused)
}

function theme(wall, age) {
  const hour = age?.now ? Number(new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone: age.zone }).format(age.now)) : 0
  const chosen = wall.told.theme === "auto" ? (hour >= 6 && hour < 18 ? "light" : "dark") : wall.told.theme
  if (wall.dataset.theme === chosen) return
  wall.dataset.theme = chosen
  for (const [name, value] of Object.entries(wall.told.themes[chosen])) wall.style.setProperty(name, value)
}

function clock(wall, age) {
  if (!age) return
  if (age.now) time(wall, age)
  wall.dataset.tone = age.tone
  write(wall.querySelector(".wall-age span"), age.words)
  age.link(wall.querySelector(".wall-age a"))
  const alarm = wall.querySelector(".wall-alarm")
  alarm.hidden = age.tone !== "red"
  write(alarm, age.tone === "red" ? `${age.alarm} · ${age.words}` : "")
}

function time(wall, { now, zone, locale }) {
  const part = (options) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }).format(now)
  const [hour, minute, second] = part({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).split(":")
  write(wall.querySelector(".wall-clock b"), `${hour}:${minute}`)
  write(wall.querySelector(".wall-clock i"), `:${second}`)
  write(wall.querySelector(".wall-date"), part({ weekday: "long", day: "2-digit", month: "2-digit", year: "numeric" }))
}

// One report after the other, each for a few seconds, fading: nothing scrolls across the screen.
function tick(wall, now) {
  const { ticker, says } = wall.told
  const line = wall.querySelector(".wall-ticker")
  const place = Math.floor(now / FADE_TICKER) % Math.max(ticker.length, 1)
  const html = ticker[place]
  line.classList.toggle("wall-ticker-some", ticker.length > 0)
  write(line.querySelector("b"), ticker.length ? `${says.urgent} ${place + 1}/${ticker.length}` : "")
  const words = line.querySelector("span")
  if (html === undefined) return write(words, says.quiet)
  if (words.drawn === html && words.firstElementChild) return
  words.innerHTML = words.drawn = html
  fit(line)
}

function shift(wall) {
  const minute = wall.told.shift ? Math.floor(Date.now() / 60_000) : 0
  if (wall.minute === minute) return
  wall.minute = minute
  // Around an ellipse, a step a minute, so that no edge stays on the same pixels for hours.
  const [x, y] = wall.told.shift ? [Math.cos(minute / 5), Math.sin(minute / 7)] : [0, 0]
  wall.querySelector(".wall-inside").style.translate = `${(x * 0.5).toFixed(3)}vh ${(y * 0.4).toFixed(3)}vh`
}

// A page without fresh figures for minutes reloads itself if the server is well.
async function heal(state, age, now) {
  if (!age || age.tone !== "red" || Math.max(age.silent, 0) < TROUBLE_BEFORE_RELOAD) return
  if (now - state.reload < TROUBLE_BEFORE_RELOAD) return
  state.reload = now
  const place = new URL("_stcore/health", document.baseURI)
  const answer = await fetch(place, { redirect: "manual", cache: "no-store" }).catch(() => null)
  if (answer?.ok && (await answer.text()).trim() === "ok") location.reload()  // not a proxy's sign-in
}

function made(tag, classes, html = "") {
  const element = document.createElement(tag)
  element.className = classes
  element.innerHTML = html
  return element
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
