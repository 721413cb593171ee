const packed = '{numbers}';
const numbers = await (() => {
  const place = {};
  for (let code = 33, k = 0; code < 127; code++) if (code !== 39 && code !== 60 && code !== 92) place[String.fromCharCode(code)] = k++;
  const bytes = new Uint8Array(((packed.length >> 1) * 13) >> 3);
  for (let i = 0, at = 0, held = 0, bits = 0; i + 1 < packed.length; i += 2) {
    held |= (place[packed[i]] * 91 + place[packed[i + 1]]) << bits;
    for (bits += 13; bits > 7; bits -= 8, held >>>= 8) bytes[at++] = held;
  }
  const plain = new Blob([bytes.subarray(0, bytes.length - (packed.length % 2))]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(plain).arrayBuffer().then((found) => new Uint8Array(found));
})();
let next = 0;
/** An array: the bytes of one place together, the bits of each element less those of the one before, `order` times. */
const take = (Numbers, order, size) => {
  const width = Numbers.BYTES_PER_ELEMENT, bytes = new Uint8Array(width * size);
  for (let k = 0; k < width; k++) for (let i = 0; i < size; i++) bytes[i * width + k] = numbers[next++];
  const bits = width === 8 ? new BigUint64Array(bytes.buffer) : new Uint32Array(bytes.buffer);
  for (; order; order--) for (let i = 1; i < size; i++) bits[i] += bits[i - 1];
  return new Numbers(bytes.buffer);
};
{taken}
