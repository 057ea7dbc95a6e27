"""Reads bodies on standard input, prints {name: [answers]}."""
import json, sys
bodies = json.load(sys.stdin)
compact = (",", ":")
forms = {
    "Python json.dumps": {},
    "Python json.dumps, separators=(',', ':')": dict(separators=compact),
    "Python json.dumps, ensure_ascii=False, compact (as httpx, Starlette and Django REST write)": dict(ensure_ascii=False, separators=compact),
    "Python json.dumps, ensure_ascii=False": dict(ensure_ascii=False),
    "Python json.dumps, indent=2": dict(indent=2),
    "Python json.dumps, indent=4": dict(indent=4),
    "Python json.dumps, sort_keys=True": dict(sort_keys=True),
    "Python json.dumps, sort_keys=True, separators=(',', ':')": dict(sort_keys=True, separators=compact),
    "Python json.dumps, sort_keys=True, ensure_ascii=False, compact": dict(sort_keys=True, ensure_ascii=False, separators=compact),
}
def answer(make, body):
    try:
        text = make(json.loads(body))
        text.encode()
        return text
    except (ValueError, RecursionError):
        return None
answers = {name: [answer(lambda v: json.dumps(v, **o), b) for b in bodies] for name, o in forms.items()}
answers["python_dict"] = [answer(str, b) for b in bodies]
print(json.dumps(answers))
