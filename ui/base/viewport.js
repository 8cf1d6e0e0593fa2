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
