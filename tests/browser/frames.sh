#!/bin/sh
# Measures how many frames a second explore.html draws in headless Chromium while a value of a path of 2,000 steps is dragged.
#
#   tests/browser/frames.sh [PAGE=plots/explore.html]
#
# Exit status: 0 measured, 1 not measured, 77 there is no Chromium here.
set -eu

page=$(realpath "${1:-plots/explore.html}")
here=$(dirname "$0")
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    echo "no chromium here: nothing measured" >&2
    exit 77
fi
place=$(mktemp -d)
: >"$place/log"
{ cat "$page"; echo '<script type="module">'; cat "$here/frames.js"; echo "</script>"; } >"$place/page.html"
# A browser that is told to hand over the page draws no frames at its own rate: this one stays open and writes to its log.
"$chromium" --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run --remote-debugging-port=0 \
    --enable-logging=stderr --v=0 --window-size=1280,1400 --user-data-dir="$place/profile" \
    "file://$place/page.html" >/dev/null 2>"$place/log" &
browser=$!
trap 'kill "$browser" 2>/dev/null || true; wait "$browser" 2>/dev/null || true; rm -rf "$place"' EXIT
waited=0
while ! grep -q 'FRAMES .* END' "$place/log"; do
    sleep 1
    waited=$((waited + 1))
    if [ "$waited" -gt 120 ]; then
        echo "nothing was measured in two minutes" >&2
        exit 1
    fi
done
sed -n 's/.*FRAMES \(.*\) | END.*/\1/p' "$place/log" | sed 's/ | /\n/g'
