# Keeps the captures in the current directory below $1 MiB and 10,000 files, whose names fit its memory, looking every
# $2 seconds: deletes the oldest, and prints a line of JSON for each that is written or deleted.
#
# Falco writes one file at a time, in whose name the time is first: the oldest is the first by name. A file is written
# once it has a newer one behind it, or has not grown for 12 looks: Falco buffers what it writes. The newest is never
# deleted, since Falco may still write it, nor is one that has grown since the last look: after a correction of the
# clock the newest may have an older name.
export LC_ALL=C
trap 'kill $!; exit 0' TERM
awk -v keep="$1" -v pause="$2" '
  function say(what, name) {
    printf "{\"message\":\"capture %s\",\"file\":\"%s\",\"bytes\":%d}\n", what, name, size[name]
    fflush()
  }
  BEGIN {
    keep *= 1024 * 1024
    look = "sleep " pause "; ls -ln"
    while (1) {
      count = total = 0
      while ((look | getline) > 0) {
        if ($NF !~ /^[0-9A-Za-z_]+\.scap$/) continue
        quiet[$NF] = $NF in size && size[$NF] == $5 ? quiet[$NF] + 1 : 0
        size[$NF] = $5
        total += $5
        files[++count] = $NF
      }
      close(look)
      for (i = 1; i <= count; i++) {
        name = files[i]
        if (said[name] "" != size[name] "" && (quiet[name] >= 12 || quiet[name] && i < count)) {
          say("written", name)
          said[name] = size[name]
        }
        if ((total > keep || count - i >= 10000) && i < count && quiet[name] && system("rm -f " name) == 0) {
          say("deleted", name)
          total -= size[name]
          delete size[name]
          delete said[name]
          delete quiet[name]
        }
      }
    }
  }' &
wait $! # its exit code is that of awk
