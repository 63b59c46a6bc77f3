export default {
  mode: "production",
  entry: "./main.js",
  output: { path: import.meta.dirname, filename: "main.bundle.js", chunkFilename: "[id].bundle.js" },
};
