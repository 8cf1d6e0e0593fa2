// Fills the style sheets of the page and of all panels, says what language the page speaks and in which theme, and tells
// the server once, and again when it was started again, how large the window is, how much larger than at a desk its type,
// and whether it draws WebGL, where the server does not know.
let told
document.pageStyles ??= new CSSStyleSheet()
document.panelStyles ??= new CSSStyleSheet()

ownAddress()

export default function ({ data, setStateValue }) {
  fill(document.pageStyles, data.page)
  fill(document.panelStyles, data.panels)
  if (!document.adoptedStyleSheets.includes(document.pageStyles)) document.adoptedStyleSheets.push(document.pageStyles)
  document.documentElement.lang = data.language
  document.documentElement.dataset.theme = data.theme
  document.documentElement.style.setProperty("--time", JSON.stringify(data.time))
  if (told === data.viewer) return
  told = data.viewer
  const type = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const window_ = [window.innerWidth, window.innerHeight, Math.round((10 * type) / data.type) / 10, webgl()]
  if (window_.join() !== data.known.join()) setStateValue("window", window_)
}

function fill(sheet, text) {
  if (sheet.text !== text) sheet.replaceSync(text)
  sheet.text = text
}

// Whether the maps of deck.gl can be drawn.
function webgl() {
  const drawn = document.createElement("canvas").getContext("webgl2")
  drawn?.getExtension("WEBGL_lose_context")?.loseContext()
  return drawn !== null
}

// Streamlit writes the page and the choices of the run it draws into the address. While the viewer goes on, by a link or
// by Back, that run is one of an address they have left, and what it wrote would lead them to an address nobody asked
// for. So only links and Back change the page (ui/base/panel.js). What a run changes in the choices of the page that
// is open is taken over, but not while a Back is under way: it is only then that Streamlit replaces an entry.
function ownAddress() {
  if (document.turnedTo) return
  const { pushState } = History.prototype
  history.pushState = (state, unused, url) => {
    if (state === null || new URL(url, document.baseURI).pathname === location.pathname)
      pushState.call(history, state, unused, url)
  }
  history.replaceState = () => {}
  const turned = () => (document.turnedTo = { again: 3 })  // ui/live/beat.js sees to it that the page comes
  window.addEventListener("popstate", ({ state }) => state === "again" || turned())
  turned()
}
