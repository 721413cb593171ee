/** Degrees and metres: the polynomial of a territory, and plain metres around a place. */

/** Longitude and latitude to a projected system, by the polynomial that stands for it. */
function project(projection, lon, lat) {
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
