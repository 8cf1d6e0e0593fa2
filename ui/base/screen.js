// Fills the style sheets of the page and of all panels and sets the page's language and theme. Tells the server once,
// and again after a restart, the window's size, its type scale and whether it draws WebGL, unless the server knows
// already.
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

// Whether deck.gl's maps can be drawn.
function webgl() {
  const drawn = document.createElement("canvas").getContext("webgl2")
  drawn?.getExtension("WEBGL_lose_context")?.loseContext()
  return drawn !== null
}

// Streamlit writes the page and the query of the run it draws into the address. If the viewer has left that page by a
// link or by Back in the meantime, the write would lead them to the wrong address. So only links and Back change the
// page (ui/base/panel.js). Query changes of the page that is open are accepted, but never `replaceState`: Streamlit
// calls it only while a Back is under way.
function ownAddress() {
  if (document.turnedTo) return
  const { pushState } = History.prototype
  history.pushState = (state, unused, url) => {
    if (state === null || new URL(url, document.baseURI).pathname === location.pathname)
      pushState.call(history, state, unused, url)
  }
  history.replaceState = () => {}
  const turned = () => (document.turnedTo = { again: 3 })  // ui/live/beat.js asks for the page again if needed
  window.addEventListener("popstate", ({ state }) => state === "again" || turned())
  turned()
}
