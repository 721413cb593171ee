/** Metadata of an ONNX file, read from its bytes: the runtime of the browser does not give them. */

const METADATA = 14; // field `metadata_props` of ModelProto, each an entry with `key` = 1 and `value` = 2

/** Fields of a Protocol Buffers message that have a length, as pairs of number and bytes; the others are passed over. */
function* fieldsOf(content) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= content.length) throw new Error('not an ONNX file: it ends too early');
      const byte = content[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < content.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 2) {
      const length = varint();
      if (at + length > content.length) throw new Error('not an ONNX file: it ends too early');
      yield [Math.floor(tag / 8), content.subarray(at, at + length)];
      at += length;
    } else if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else throw new Error('not an ONNX file');
  }
}

/** Metadata by key of the bytes of an ONNX file. */
export function metadataOf(content) {
  const decoder = new TextDecoder();
  const found = {};
  for (const [field, entry] of fieldsOf(content)) {
    if (field !== METADATA) continue;
    const parts = Object.fromEntries([...fieldsOf(entry)].map(([number, part]) => [number, decoder.decode(part)]));
    found[parts[1] ?? ''] = parts[2] ?? '';
  }
  return found;
}
