// Numbers, and the words that go with them.

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

export function size(bytes) {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3 + 1e-9));
  const value = bytes / 1000 ** power;
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })} ${UNITS[power]}`;
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function duration(seconds) {
  if (seconds < 60) return count(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 5400) return count(Math.round(seconds / 60), "minute");
  if (seconds < 172800) return `${(seconds / 3600).toLocaleString("en", { maximumFractionDigits: 1 })} hours`;
  return count(Math.round(seconds / 86400), "day");
}

// A word for a POSIX shell. What is not printable would be lost on the way through a clipboard.
export function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export const PRESETS = {
  full: ["Everything", "Every file, as it is."],
  slim: ["Without what programs make again", ""],
};

export const FORMATS = {
  zip: ["zip", "Exact size known; can be paused, resumed and cut at any byte. Opens everywhere."],
  "zip-deflated": ["zip, compressed", "Smaller, for slow lines. Opens everywhere. Cannot be resumed."],
  "tar.zst": ["tar.zst", "Smaller and quick, for slow lines; for Linux and macOS. Cannot be resumed."],
  "tar.gz": ["tar.gz", "Smaller; for Linux and macOS, and old tools. Cannot be resumed."],
};

const WINDOWS_CHECK = `Get-Content -Encoding UTF8 SHA256SUMS | Where-Object { $_ -match '^[0-9a-f]{64} ' } | ForEach-Object {
  $sum, $file = $_.Substring(0, 64), $_.Substring(66)
  if ((Get-FileHash -LiteralPath $file).Hash -ne $sum) { "different: $file" }
}`;

// What to type after the download, by system: [title, [[text, command], …]].
export function afterwards(file) {
  const name = shellWord(file);
  const tar = !file.endsWith(".zip");
  const windows = `"${file}"`;
  return {
    windows: ["Windows", [
      ["Unpack it into a short folder, as Windows does not like long paths. In PowerShell:",
        `mkdir C:\\home; tar -xf ${windows} -C C:\\home; cd C:\\home`],
      ["Check every file. Nothing is printed when all are right:", WINDOWS_CHECK],
    ]],
    macos: ["macOS", [
      ["Unpack it. In Terminal:", `mkdir home && tar -xf ${name} -C home && cd home`],
      ["Check every file. Nothing is printed when all are right:", "shasum -a 256 -c SHA256SUMS | grep -v ': OK$'"],
    ]],
    linux: ["Linux", [
      ["Unpack it:", tar ? `mkdir home && tar -xf ${name} -C home && cd home` : `unzip -q '-^' ${name} -d home && cd home`],
      ["Check every file. Nothing is printed when all are right:", "sha256sum --quiet -c SHA256SUMS"],
    ]],
    takeout: ["With Takeout, anywhere", [
      ["Check the archive without unpacking it, then unpack it with permissions, times and links:",
        `pip install jupyterhub-takeout\ntakeout home verify ${name}\ntakeout home unpack ${name} home`],
    ]],
  };
}
