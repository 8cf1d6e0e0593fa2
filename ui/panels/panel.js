// Draws the panel's HTML, anew only where it changed. A click on a link changes the address; Streamlit, which follows
// the browser's Back and Forward, then turns to the page of that address, with one entry of history for one click.
// The style sheet is one for all panels (ui/screen.js fills it).
export default function ({ data, parentElement }) {
  const panel = parentElement.querySelector(".panel")
  const root = panel.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  draw(panel, data)
  panel.onclick = (event) => {
    const link = event.target.closest("a[href]")
    // A new tab or window, or a download, is the browser's business.
    if (!link || link.hasAttribute("download") || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    turnTo(new URL(link.getAttribute("href"), document.baseURI))
  }
}

// Streamlit writes the page of each run that begins into the address. One asked for before the click begins after it,
// and would lead the address back to the page that was left; so from the first click on only links lead to other pages.
function turnTo(address) {
  const push = (...entry) => History.prototype.pushState.call(history, ...entry)
  history.pushState = (state, unused, url) => {
    if (new URL(url, document.baseURI).pathname === location.pathname) push(state, unused, url)
  }
  push(null, "", address)
  window.dispatchEvent(new PopStateEvent("popstate"))
}

async function draw(panel, { html, packed }) {
  if (panel.drawn === (packed ?? html)) return
  panel.drawn = packed ?? html
  if (packed) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0))
    html = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()
    if (panel.drawn !== packed) return // a newer one came meanwhile
  }
  const unfolded = [...panel.querySelectorAll("details[open][data-fold]")].map((details) => details.dataset.fold)
  panel.innerHTML = html
  for (const fold of unfolded) panel.querySelector(`details[data-fold="${fold}"]`)?.setAttribute("open", "")
}
