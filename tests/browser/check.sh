#!/bin/sh
# Opens the report in headless Chromium, checks it, and takes pictures of it.
#
#   tests/browser/check.sh [REPORT=plots/report.html] [PICTURES=target/browser]
#
# Exit status: 0 all is well, 1 something is not, 77 there is no Chromium here.
set -eu

report=$(realpath "${1:-plots/report.html}")
pictures=${2:-target/browser}
here=$(dirname "$0")
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    echo "no chromium here: nothing checked" >&2
    exit 77
fi
mkdir -p "$pictures"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

browse() {
    profile=$(mktemp -d -p "$place")
    timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run \
        --hide-scrollbars --user-data-dir="$profile" "$@"
}

# The page with a script at its end that looks at the page as the browser sees it. The report itself has no scripts.
{ cat "$report"; echo "<script>"; cat "$here/look.js"; echo "</script>"; } >"$place/looked.html"
failed=0
for width in 360 900 1600; do
    # On a busy machine the browser may hand the page over before it has looked: then once more.
    for attempt in 1 2 3; do
        browse --enable-logging=stderr --v=0 --window-size="$width,1000" --dump-dom \
            "file://$place/looked.html" >"$place/dom.html" 2>"$place/log" || true
        if grep -q 'data-looked' "$place/dom.html"; then break; fi
    done
    if grep -E 'CONSOLE' "$place/log"; then failed=1; fi
    if ! grep -o 'data-looked="[^"]*"' "$place/dom.html" >"$place/looked"; then
        echo "$width px: the page was not looked at" >&2
        failed=1
        continue
    fi
    echo "$width px: $(sed 's/data-looked="\(.*\)"/\1/' "$place/looked")"
    if ! grep -q 'nothing wrong' "$place/looked"; then failed=1; fi
done

for width in 360 900 1600; do
    for scheme in light dark; do
        if [ "$scheme" = dark ]; then preferred=0; else preferred=1; fi
        browse --blink-settings=preferredColorScheme="$preferred" --window-size="$width,4000" \
            --screenshot="$pictures/$width-$scheme.png" "file://$report" >/dev/null 2>&1
    done
done
browse --no-pdf-header-footer --print-to-pdf="$pictures/report.pdf" "file://$report" >/dev/null 2>&1
echo "pictures in $pictures"
exit "$failed"
