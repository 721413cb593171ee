/** Files of the cadastre. Each is fetched once, when it is first needed; addresses are relative to the page. */

const address = (name) => new URL(`data/${name}`, document.baseURI).href;
export { address };

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

export async function fetchBytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer.arrayBuffer();
}

/** Bytes of a gzip file, whether the server has unpacked it on the way or not. */
export async function fetchUnpacked(url) {
  const packed = await fetchBytes(url);
  const head = new Uint8Array(packed, 0, Math.min(2, packed.byteLength));
  if (head[0] !== 0x1f || head[1] !== 0x8b) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

const fetchJson = async (name) => {
  const answer = await fetch(address(name));
  if (!answer.ok) throw new Error(`${answer.status} ${name}`);
  return answer.json();
};

export const loadCadastre = () => once('cadastre', () => fetchJson('cadastre.json'));

/** All buildings as rows: id, lon, lat, address, planes, kwh. */
export const loadIndex = () =>
  once('index', async () => {
    const columns = JSON.parse(new TextDecoder().decode(await fetchUnpacked(address('buildings.json.gz'))));
    return columns.id.map((id, k) => ({
      id,
      lon: columns.lon[k],
      lat: columns.lat[k],
      address: columns.address?.[k] ?? '',
      commune: columns.commune?.[k] ?? '',
      planes: columns.planes?.[k],
      kwh: columns.kwh?.[k],
    }));
  });

export const loadBlockNames = (file) => once('blocks', async () => new Set(await fetchJson(file)));

/** Longitude and latitude to the projected system of the cadastre, by the polynomial that it carries. */
export function project(projection, lon, lat) {
  const u = (lon - projection.lon) / projection.scale;
  const v = (lat - projection.lat) / projection.scale;
  let x = 0;
  let y = 0;
  let k = 0;
  for (let i = 0, a = 1; i <= projection.degree; i++, a *= u) {
    for (let j = 0, b = a; j <= projection.degree - i; j++, b *= v, k++) {
      x += projection.x[k] * b;
      y += projection.y[k] * b;
    }
  }
  return [x, y];
}

/** Metres at one place: grid coordinates of points near it, and where true north lies in the grid. */
export function localFrame(projection, lon, lat) {
  const [x0, y0] = project(projection, lon, lat);
  const step = 1e-5;
  const [xn, yn] = project(projection, lon, lat + step);
  const [xe, ye] = project(projection, lon + step, lat);
  const north = [(xn - x0) / step, (yn - y0) / step];
  const east = [(xe - x0) / step, (ye - y0) / step];
  const determinant = east[0] * north[1] - north[0] * east[1];
  return {
    x0,
    y0,
    /** Grid azimuth of true north, clockwise, in radians: a true azimuth a is the grid azimuth a + turn. */
    turn: Math.atan2(north[0], north[1]),
    toGrid: (point) => project(projection, point[0], point[1]),
    toDegrees: ([x, y]) => [
      lon + ((x - x0) * north[1] - (y - y0) * north[0]) / determinant,
      lat + ((y - y0) * east[0] - (x - x0) * east[1]) / determinant,
    ],
  };
}
