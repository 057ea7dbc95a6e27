// Prints a file's bytes in the forms in which Node senders put them into JSON: [[form, value], …].
//   node forms.mjs FILE
import { readFileSync } from "node:fs";
import { inspect } from "node:util";

const buffer = readFileSync(process.argv[2]);
const bytes = new Uint8Array(buffer);
const base64 = buffer.toString("base64");
console.log(
  JSON.stringify([
    ["buffer_json", buffer],
    ["base64", base64],
    ["base64url", buffer.toString("base64url")],
    ["data_url", `data:image/jpeg;base64,${base64}`],
    ["node_print", inspect(buffer)],
    ["numeric_keys", bytes],
    ["numeric_keys", { ...buffer }],
    ["number_array", [...bytes]],
    ["hex", buffer.toString("hex")],
    ["latin1", buffer.toString("binary")],
    ["destroyed_utf8", buffer.toString("utf8")],
    ["number_list_text", String(bytes)],
    ["uint8array_print", inspect(bytes)],
    ["nested_json", JSON.stringify(buffer)],
    ["lost", bytes.buffer],
  ]),
);
