// Reads bodies on standard input, prints {name: [answers]}.
const bodies = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const forms = {
  'JavaScript JSON.stringify': (v) => JSON.stringify(v),
  'JavaScript JSON.stringify, indented by 2': (v) => JSON.stringify(v, null, 2),
  'JavaScript JSON.stringify, indented by 4': (v) => JSON.stringify(v, null, 4),
  'JavaScript JSON.stringify, indented by tabs': (v) => JSON.stringify(v, null, '\t'),
};
const sort = (v) =>
  Array.isArray(v) ? v.map(sort)
  : v && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sort(v[k])])) : v;
forms['keys sorted by JavaScript, JSON.stringify'] = (v) => JSON.stringify(sort(v));
const answer = (f) => (b) => { try { return f(JSON.parse(b)); } catch { return null; } };
console.log(JSON.stringify(Object.fromEntries(Object.entries(forms).map(([n, f]) => [n, bodies.map(answer(f))]))));
