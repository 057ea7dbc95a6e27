"""Prints the bodies that every language rewrites, as a JSON array of texts."""
import json, pathlib
root = pathlib.Path(__file__).resolve().parents[3]
bodies = [
    '{"a":1.0,"b":1e21,"c":1e-7,"d":9007199254740993,"e":-0,"f":-0.0,"g":1.10,"h":1E5,"i":0.1,"j":100}',
    '[1e14,1e15,1e16,1e17,1e20,123456789012345678,1.5e300,1e-4,1e-5,1e-6,0.00015,5e-324,1.7976931348623157e308,0.30000000000000004]',
    '[1e6,1e7,12345678.5,0.001,0.0001,123456.789,-1.5,-1e22,99999999999999999999]',
    '{"u":"caf\u00e9 \u65e5\u672c \U0001f600 \u2028\u2029","s":"https://x.example/a?b=1&c=<d>","q":"it\'s \\"q\\" \\\\ \\/ +`","c":"\\u0001\\u001f\\b\\f\\n\\r\\t\\u007f"}',
    '{"e":"\\u00e9\\u00C9 \\ud83d\\ude00 \\u2028 \\u003c"}',
    '{ "b" : 1 ,\n  "a":\t[ 1,2 , {"z":null,"y":true} ],"é":false, "A":"" }\n',
    '{"b":1,"a":2,"10":3,"9":4,"a":5,"":6}',
    '{"0":"zero","1":{"0":1,"1":2},"2":{"1":0}}',
    '{"a":{},"b":[],"c":[{}],"d":[[]],"n":null,"m":{"n":null}}',
    '[]', '{}', '"text"', '12', 'null', '[null,true,false]',
    '{"lone":"\\ud83d"}',
    '{"big":1e400}',
    '{"\\u00fc":1,"z":{"b":[1,[2,[3]]],"a":{"x":{"y":{}}}}}',
    (root / "assets/samples/app.json").read_text(),
    (root / "assets/samples/activity.json").read_text(),
    (root / "assets/samples/screenshot-simulation.json").read_text(),
]
print(json.dumps(bodies))
