// stdout: Uint8Array(3) [ 0, 1, 255 ] 123456789012345678901n 2024-05-06T07:08:09.000Z

const { bytes, big, when } = await tools.tagged();
console.log(bytes, big, when);
