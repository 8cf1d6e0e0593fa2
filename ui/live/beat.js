// Asks the server every two seconds whether what the page shows still holds, and has it drawn again where it does not.
// What the last beat said, and when it came by the browser's two clocks, is kept for whoever tells the age (age.js): in
// document.beat; when the server was last heard of at all, in document.heard; and why not now, in document.silence.
const BETWEEN = 2000
const PATIENCE = 10_000

export default function ({ data, parentElement, setTriggerValue }) {
  const heart = parentElement.querySelector("i")
  heart.place = `beat/${data.viewer}/${data.run}`  // a run that has not arrived is not shown, and grows no younger
  heart.page = new URL(data.page || ".", document.baseURI)
  heart.page.search = data.query
  heart.again = () => setTriggerValue("again", true)
  if (heart.beating) return
  heart.beating = true
  live(heart)
}

async function live(heart) {
  // A tab that was out of sight, where timers are slow, does not wait for its next turn.
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
  const place = new URL(heart.place, document.baseURI)  // beside the page, wherever a proxy has put it
  const { cause, gone, said } = await asked(place)
  document.silence = cause
  if (cause) return
  document.heard = [performance.now(), Date.now()]
  if (gone) return beginAnew(heart)
  const [sent, trueAt, away, again] = said
  document.beat = [sent, trueAt, away, ...document.heard]
  if (again) heart.again()
}

// What the server says, or the cause of its silence: "lost", no answer or one of a broken server or proxy; "signed_out",
// the sign-in of a proxy in front of the dashboard; "address", another server's answer.
async function asked(place) {
  let answer
  try {
    // "no-store": a browser may keep a proxy's page, and would give it again when the proxy lets us in.
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
    // Not ours: ours is JSON.
  }
  return { cause: await whoseAnswer(answer) }
}

// A redirection, to wherever it leads, or a refusal: by a proxy (401, 403, 407) or by the way to the network (511).
function isSignIn({ type, status }) {
  return type === "opaqueredirect" || [401, 403, 407, 511].includes(status)
}

// A page of HTML in the place of an answer: a proxy's sign-in where the dashboard's own script is kept from us as well.
// Where that still comes, the proxy passes on the dashboard without its heartbeats.
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

// Of two runs asked for at once, the one of the address that was left may be the last to be drawn. Where nothing is being
// drawn any more at two beats, and what is drawn is still not what the address says, Streamlit is told once more.
function correct(heart) {
  const astray = runIsOver() && said(heart.page) !== said(location)
  if (astray && heart.astray && document.turnedTo.again-- > 0) turnAgain()
  heart.astray = astray
}

// What an address asks for, whatever the order of its words.
function said({ pathname, search }) {
  const words = [...new URLSearchParams(search)].filter(([word]) => !isStreamlits(word))
  return JSON.stringify([pathname, words.sort()])
}

// The server was started again, or forgot a browser that was away for long. Streamlit connects to it by itself, and then
// waits; so the page asks to be drawn, once it is connected and where nothing is being drawn.
function beginAnew(heart) {
  if (socketIsOpen() && runIsOver()) heart.again()
}
