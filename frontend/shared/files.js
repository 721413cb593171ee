/** Files beside the page. Each is fetched once, when it is first needed. */

/** Address of a file beside the page, wherever a host puts both. */
export const beside = (name) => new URL(name, document.baseURI).href;

const kept = new Map();

/** The result of an asynchronous function, kept; a failure is not. */
export function once(key, make) {
  if (!kept.has(key)) {
    const promise = make();
    promise.catch(() => kept.delete(key));
    kept.set(key, promise);
  }
  return kept.get(key);
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer;
}

export const fetchBytes = async (url) => (await fetched(url)).arrayBuffer();
export const fetchJson = async (url) => (await fetched(url)).json();

/** Bytes of a gzip file, whether the server has unpacked it on the way or not. */
export async function fetchUnpacked(url) {
  const packed = await fetchBytes(url);
  const head = new Uint8Array(packed, 0, Math.min(2, packed.byteLength));
  if (head[0] !== 0x1f || head[1] !== 0x8b) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}
