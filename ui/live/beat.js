// Asks the server every two seconds whether the page is still current, and has it drawn again if not. For age.js it
// keeps the last heartbeat with both browser clocks in document.beat, the time of the server's last answer in
// document.heard, and the cause of a missing answer in document.silence.
const BETWEEN = 2000
const PATIENCE = 10_000

export default function ({ data, parentElement, setTriggerValue }) {
  const heart = parentElement.querySelector("i")
  heart.place = `beat/${data.viewer}/${data.run}`  // a run that has not arrived does not count as verified
  heart.page = new URL(data.page || ".", document.baseURI)
  heart.page.search = data.query
  heart.again = () => setTriggerValue("again", true)
  if (heart.beating) return
  heart.beating = true
  live(heart)
}

async function live(heart) {
  // A tab that was hidden, where timers are slow, asks at once when it is shown.
  const seen = () => document.hidden || heart.wake?.()
  document.addEventListener("visibilitychange", seen)
  while (heart.isConnected) {
    await beat(heart)
    correct(heart)
    await new Promise((wake) => {
      heart.wake = wake
      setTimeout(wake, BETWEEN)
    })
  }
  document.removeEventListener("visibilitychange", seen)
  heart.beating = false
}

async function beat(heart) {
  const place = new URL(heart.place, document.baseURI)  // relative to the page, so that it works below a proxy's prefix
  const { cause, gone, said } = await asked(place)
  document.silence = cause
  if (cause) return
  document.heard = [performance.now(), Date.now()]
  if (gone) return beginAnew(heart)
  const [sent, trueAt, away, again] = said
  document.beat = [sent, trueAt, away, ...document.heard]
  if (again) heart.again()
}

// The server's answer, or the cause of its absence: "lost", no answer or an error of the server or a proxy;
// "signed_out", a proxy's sign-in in front of the dashboard; "address", another server's answer.
async function asked(place) {
  let answer
  try {
    // "no-store": otherwise the browser could return a cached proxy page after the proxy lets us in.
    answer = await fetch(place, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
  } catch {
    return { cause: "lost" }
  }
  if (isSignIn(answer)) return { cause: "signed_out" }
  if (answer.status === 429 || answer.status >= 500) return { cause: "lost" }
  try {
    const said = await answer.clone().json()
    if (answer.status === 404 && said.gone) return { gone: true }
    if (answer.ok && said.length === 4) return { said }
  } catch {
    // Not our server: ours answers in JSON.
  }
  return { cause: await whoseAnswer(answer) }
}

// A redirect, or a refusal by a proxy (401, 403, 407) or by a network's sign-in page (511).
function isSignIn({ type, status }) {
  return type === "opaqueredirect" || [401, 403, 407, 511].includes(status)
}

// HTML instead of JSON: a proxy's sign-in if the dashboard's own script is also kept from us. If the script still
// comes, the proxy passes on the dashboard but not its heartbeats.
async function whoseAnswer(answer) {
  if (!answer.ok || !isHtml(answer)) return "address"
  const request = { method: "HEAD", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }
  try {
    const script = await fetch(new URL("first.js", document.baseURI), request)
    return isSignIn(script) || (script.ok && isHtml(script)) ? "signed_out" : "address"
  } catch {
    return "lost"
  }
}

function isHtml(answer) {
  return /^(text\/html|application\/xhtml)/i.test(answer.headers.get("Content-Type") ?? "")
}

// When two runs were requested at once, the run of the address that was left may be drawn last. If at two heartbeats
// nothing is being drawn and the page still differs from the address, ask Streamlit for it again.
function correct(heart) {
  const astray = runIsOver() && said(heart.page) !== said(location)
  if (astray && heart.astray && document.turnedTo.again-- > 0) turnAgain()
  heart.astray = astray
}

// The page and query of an address, in any order of parameters.
function said({ pathname, search }) {
  const words = [...new URLSearchParams(search)].filter(([word]) => !isStreamlits(word))
  return JSON.stringify([pathname, words.sort()])
}

// The server was restarted, or has dropped a browser that was away for long. Streamlit reconnects by itself and then
// waits; so ask for a run once it is connected and nothing is being drawn.
function beginAnew(heart) {
  if (socketIsOpen() && runIsOver()) heart.again()
}
