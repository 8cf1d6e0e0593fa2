// Draws the panel's HTML, anew only where it changed. A click on a link changes the address; Streamlit, which follows
// the browser's Back and Forward, then turns to the page of that address, with one entry of history for one click.
// The style sheet is one for all panels (ui/screen.js fills it).
export default function ({ data, parentElement }) {
  const panel = parentElement.querySelector(".panel")
  const root = panel.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  if (panel.drawn !== data.html) {
    panel.innerHTML = data.html
    panel.drawn = data.html
  }
  panel.onclick = (event) => {
    const link = event.target.closest("a[href]")
    // A new tab or window, or a download, is the browser's business.
    if (!link || link.hasAttribute("download") || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    history.pushState(null, "", new URL(link.getAttribute("href"), document.baseURI))
    window.dispatchEvent(new PopStateEvent("popstate"))
  }
}
