#!/bin/sh
# Records what each language makes of the bodies; see README.md.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jars=/usr/share/java/jackson-core.jar:/usr/share/java/jackson-databind.jar:/usr/share/java/jackson-annotations.jar:/usr/share/java/gson.jar
python3 bodies.py > "$work/bodies.json"
node rewrite.js < "$work/bodies.json" > "$work/1.json"
python3 rewrite.py < "$work/bodies.json" > "$work/2.json"
php rewrite.php < "$work/bodies.json" > "$work/3.json"
ruby -Ku rewrite.rb < "$work/bodies.json" > "$work/4.json"
GOCACHE="$work/go" GOFLAGS=-mod=mod go run rewrite.go < "$work/bodies.json" > "$work/5.json"
javac -d "$work" -cp "$jars" Rewrite.java
java -cp "$jars:$work" Rewrite < "$work/bodies.json" > "$work/6.json"
python3 - "$work" <<'PY' > ../../../assets/fixtures/signature-rewrites.json
import json, sys
work = sys.argv[1]
rewrites = {}
for part in range(1, 7):
    rewrites.update(json.load(open(f"{work}/{part}.json")))
for answers in rewrites.values():
    # A lone surrogate cannot leave as UTF-8: such an answer is never signed.
    answers[:] = [a if a is None or not any("\ud800" <= c <= "\udfff" for c in a) else None for a in answers]
json.dump({"bodies": json.load(open(f"{work}/bodies.json")), "rewrites": rewrites}, sys.stdout, indent=1)
print()
PY
python3 vectors.py > ../../../assets/fixtures/signature-vectors.json
