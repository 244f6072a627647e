# Runs a server, and ends it with the process that asked for it. Its arguments: the directory of the run, and the command.
#
# The standard input is a pipe whose other end only the owner has. It closes when the owner is gone, whatever ended it. The
# standard output has the process id of the server in a line, and then stays open for as long as the server lives, since
# the server has it as descriptor 3: that is how the owner knows.
run=$1
shift
umask 077
mkdir "$run" 2>/dev/null || [ -O "$run" ] || {
    echo "cannot make $run"
    exit 1
}
"$@" 3>&1 >>"$run/log" 2>&1 </dev/null &
server=$!
# The signals of the last lines are for the others of this process group.
trap '' HUP INT QUIT TERM
echo "$server"
exec >/dev/null 2>&1
keep=
while read -r line; do
    case $line in
    keep) keep=yes ;;
    reap)
        wait
        server=
        ;;
    esac
done
# Waits for the server, for as many hundredths of a second. Whoever is not the shell's child any more has ended.
ends_within() {
    tries=0
    while [ -n "$server" ] && kill -s 0 "$server" 2>/dev/null; do
        [ "$tries" -lt "$1" ] || return 1
        tries=$((tries + 1))
        sleep 0.01
    done
}
# Data that is kept: in good order, when that is a matter of a moment. Otherwise the next start would have to recover it.
if [ -n "$RUSTBOOT_STOP" ]; then
    kill -s CONT 0
    kill -s "$RUSTBOOT_STOP" 0
    ends_within 300
fi
# A server may be stopped, still be in its preparations, or have clients: TERM ends what has not begun, QUIT ends
# PostgreSQL without waiting for anybody.
kill -s CONT 0
kill -s TERM 0
kill -s QUIT 0
# Redis that cannot write its data, since the disk is full or the folder gone, refuses to end. It has some ten seconds.
ends_within 1000 || kill -s KILL "$server"
wait
[ -z "$keep" ] || exit 0
# Whoever ended the client of Docker did not end the container.
[ -z "$RUSTBOOT_DOCKER" ] || "$RUSTBOOT_DOCKER" rm --force "${run##*/}"
# Children of what was ended in its preparations may still write.
tries=0
until rm -rf "$run" || [ "$tries" -ge 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
