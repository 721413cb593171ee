/** Which tiles of the web's grid hold a place. */

/** Column and row of a place among the tiles of a zoom, with fractions. */
export function tileOf(lon, lat, zoom) {
  const n = 2 ** zoom;
  const radians = (lat * Math.PI) / 180;
  return [((lon + 180) / 360) * n, ((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * n];
}

const pairs = (columns, rows) => columns.flatMap((x) => rows.map((y) => [x, y]));

/** The tile of a place, and those beside it whose edge is nearer than a share of a tile. */
export function tilesNear(lon, lat, zoom, margin) {
  const near = (value) => [...new Set([Math.floor(value - margin), Math.floor(value + margin)])];
  return pairs(...tileOf(lon, lat, zoom).map(near));
}

/** The tile of a place and the eight around it. */
export function tilesAround(lon, lat, zoom) {
  const around = (value) => [-1, 0, 1].map((d) => Math.floor(value) + d);
  return pairs(...tileOf(lon, lat, zoom).map(around));
}
