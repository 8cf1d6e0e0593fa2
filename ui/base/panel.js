// Draws the panel's HTML, and again only when it changed. A click on a link changes the address; Streamlit, which
// follows the browser's Back and Forward, then opens the page of that address: one click, one entry of history.
// The style sheet is one for all panels (ui/base/screen.js fills it).
export default function ({ data, parentElement }) {
  const panel = parentElement.querySelector(".panel")
  const root = panel.getRootNode()
  document.panelStyles ??= new CSSStyleSheet()
  if (!root.adoptedStyleSheets.includes(document.panelStyles)) root.adoptedStyleSheets.push(document.panelStyles)
  draw(panel, data)
  panel.onclick = (event) => {
    const link = event.target.closest("a[href]")
    // The browser handles new tabs, new windows and downloads.
    if (!link || link.target || link.hasAttribute("download")) return
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    if (link.dataset.word) choose(link.dataset.word, [link.dataset.value])
    else turnTo(new URL(link.getAttribute("href"), document.baseURI))
  }
}

// Writes an address, and tells Streamlit as the browser's Back does. Nothing else writes one (ui/base/screen.js).
function turnTo(address) {
  if (address.href === location.href) return
  history.pushState(null, "", address)
  window.dispatchEvent(new PopStateEvent("popstate"))
}

async function draw(panel, { html, packed }) {
  if (panel.drawn === (packed ?? html)) return
  panel.drawn = packed ?? html
  if (packed) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0))
    html = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()
    if (panel.drawn !== packed) return // a newer one has arrived
  }
  const restore = held(panel)
  panel.drawing = true
  panel.innerHTML = html
  panel.drawing = false
  restore()
  choosing(panel)
  panel.querySelector("a[data-go]")?.click()
  for (const element of panel.querySelectorAll("[data-seconds]"))
    setTimeout(() => element.remove(), 1000 * element.dataset.seconds)
}

// The reader's state in a panel, restored after the next drawing: what is unfolded, scrolled, focused or active.
// An element is matched by its words among elements like it; if those changed, by its position.
function held(panel) {
  const unfolded = [...panel.querySelectorAll("details[open][data-fold]")].map((details) => details.dataset.fold)
  const scrolled = [...panel.querySelectorAll("*")]
    .filter((element) => element.scrollLeft || element.scrollTop)
    .map((element) => [alike(panel, element), element.scrollLeft, element.scrollTop])
  const typed = field(panel)?.value
  const open = field(panel)?.ariaExpanded === "true"
  const pointed = panel.querySelector(".some-active")?.dataset.value
  const active = panel.getRootNode().activeElement
  const focused = panel.contains(active) && active !== panel ? [alike(panel, active), named(active)] : undefined
  return () => {
    for (const fold of unfolded)
      panel.querySelector(`details[data-fold="${CSS.escape(fold)}"]`)?.setAttribute("open", "")
    for (const [find, left, top] of scrolled) find()?.scrollTo({ left, top, behavior: "instant" })
    focused?.[0](focused[1])?.focus({ preventScroll: true })
    if (open) {
      field(panel).value = typed
      show(panel, true)
      if (pointed !== undefined) point(panel, found(panel).find(({ dataset }) => dataset.value === pointed))
    }
  }
}

function named(element) {
  return element.tagName === "A" ? element.getAttribute("href") : element.textContent
}

function alike(panel, element) {
  const kind = [element.tagName, ...element.classList].join(".")
  const all = () => [...panel.querySelectorAll(kind)]
  const place = all().indexOf(element)
  return (name) => {
    const now = all()
    return (name !== undefined && now.find((other) => named(other) === name)) || now[place]
  }
}
