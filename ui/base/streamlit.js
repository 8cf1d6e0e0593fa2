// What we use of Streamlit in the browser that its documentation does not promise. It stands before every script of ours
// (ui/base/streamlit_internals.py), and no other script names any of it. tests/test_streamlit_contract.py says which
// version of Streamlit broke what.
const streamlitApp = () => document.querySelector('[data-testid="stApp"]')
const streamlitDialogs = ".stDialog"

// Whether Streamlit's WebSocket is open.
function socketIsOpen() {
  return streamlitApp()?.dataset.testConnectionState === "CONNECTED"
}

// Whether no run of the page is under way.
function runIsOver() {
  return streamlitApp()?.dataset.testScriptState === "notRunning"
}

// The address of one of Streamlit's own routes: "health", or "stream", its WebSocket.
function coreAddress(name) {
  return new URL(`_stcore/${name}`, document.baseURI)
}

// Whether a word of an address is Streamlit's own.
function isStreamlits(word) {
  return word.startsWith("embed")
}

// Writes an address and tells Streamlit, which follows the browser's Back and Forward (popstate): it turns to the page of
// the address that stands then. One click, one entry of history. No other script writes an address.
function turnTo(address) {
  if (address.href === location.href) return
  history.pushState(null, "", address)
  window.dispatchEvent(new PopStateEvent("popstate"))
}

// Has Streamlit turn to the page of the address that stands, once more.
function turnAgain() {
  window.dispatchEvent(new PopStateEvent("popstate", { state: "again" }))
}

// Streamlit writes the page and the choices of the run it draws into the address. While the viewer goes on, by a link or
// by Back, that run is one of an address they have left, and what it wrote would lead them to an address nobody asked
// for. So only `turnTo` and Back change the page. What a run changes in the choices of the page that is open is taken
// over (pushState), but not while a Back is under way: only then does Streamlit replace an entry (replaceState).
// `document.turnedTo` says that this is done, and how often `turnAgain` may still be tried for an address.
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
