// Says why nothing is drawn, where no WebSocket brings the pages: nothing else of ours has reached the browser then.
// ui/server/first_page.py puts the words in.
const WORDS = "words"
const PATIENCE = 8000  // milliseconds
const FULL_AFTER = 2000  // the same, until the server is asked whether too many pages are open
const spoken = [new URLSearchParams(location.search).get("lang"), ...navigator.languages.map((tag) => tag.slice(0, 2))]
const words = WORDS[spoken.find((code) => WORDS[code])] ?? WORDS.vi
const begun = performance.now()
const box = document.createElement("p")
box.setAttribute("role", "alert")
box.style = `position: fixed; inset: 0 0 auto; z-index: 1000000; margin: 0; padding: 1rem 1.5rem; background: #9a5b00;
  color: #fff; font: 600 1.05rem/1.4 sans-serif`
const quiet = document.createElement("style")
quiet.textContent = `${streamlitDialogs} { display: none }`  // the same in English, in front of everything
const looking = setInterval(look, 1000)

async function look() {
  const drawn = document.turnedTo  // `ownAddress` has run, which comes with the first page
  if (drawn || socketIsOpen()) {
    box.remove()
    quiet.remove()
    if (drawn) clearInterval(looking)
  } else if (performance.now() - begun > FULL_AFTER) {
    if (await isFull()) say("full")
    else if (performance.now() - begun > PATIENCE) say(await why())
  }
}

// Whether the WebSocket is refused because too many pages are open: a browser is not told why, but its address says so.
async function isFull() {
  try {
    const place = coreAddress("stream")
    const answer = await fetch(place, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
    return answer.status === 429
  } catch {
    return false
  }
}

async function why() {
  try {
    const place = coreAddress("health")
    const answer = await fetch(place, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
    if (isSignIn(answer)) return "signed_out"
    if (answer.status === 429 || answer.status >= 500) return "lost"
    if (answer.ok && (await answer.clone().text()).trim() === "ok") return "socket"
    if (!answer.ok || !isHtml(answer)) return "address"
    const script = await fetch(new URL("first.js", document.baseURI), {
      method: "HEAD", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
    })
    return isSignIn(script) || (script.ok && isHtml(script)) ? "signed_out" : "address"
  } catch {
    return "lost"
  }
}

// The same as in ui/live/beat.js, which this page has not loaded.
function isSignIn({ type, status }) {
  return type === "opaqueredirect" || [401, 403, 407, 511].includes(status)
}

function isHtml(answer) {
  return /^(text\/html|application\/xhtml)/i.test(answer.headers.get("Content-Type") ?? "")
}

// A link to the address that is open, with a "#" in it, would not load the page anew.
function reload(event) {
  event.preventDefault()
  location.reload()
}

function say(cause) {
  if (document.turnedTo) return
  if (box.cause !== cause) {
    box.cause = cause
    box.textContent = words[cause]
    if (cause === "signed_out") {
      const way = document.createElement("a")
      way.href = location.href
      way.onclick = reload
      way.textContent = words.sign_in
      way.style = "color: inherit; margin-left: .8rem"
      box.append(way)
    }
  }
  if (!box.isConnected) document.body.append(quiet, box)
}
