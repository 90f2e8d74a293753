"""Finds, or removes, what is old below one directory. Written for root in a directory where anybody may write.

Called with one argument, JSON: root, olderThanMs, names (or null), keep (`*` stands for anything), keepWhy, remove. Prints JSON.

Every step goes from the descriptor of a directory to a name in it, never along a path, and never through a link: whoever
exchanges a directory for a link meanwhile is refused by the kernel (O_NOFOLLOW). A file is opened, and the kernel asked for a
write lease on it, which it gives only where nobody else has the file open or mapped; it is looked at and unlinked under the
lease. Directories that somebody has locked (flock) are passed by, as systemd-tmpfiles does.
"""
import ctypes, errno, fcntl, json, os, re, signal, stat, sys, time

PR_SET_PDEATHSIG = 1
# One descriptor a level. Nobody's own files lie as deep, but anybody can make them.
DEEPEST = 100
TOLD = 5
# Of services that run: nothing in them may look used, and all of it is (systemd.exec(5), PrivateTmp=).
SERVICES = re.compile(r"(?:systemd-private-.*|snap-private-tmp|\.(?:X11|ICE|XIM|font|Test)-unix)\Z")
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY

asked = json.loads(sys.argv[1])
keep = [re.compile(".*".join(map(re.escape, one.split("*"))) + r"\Z", re.DOTALL) for one in asked["keep"]]
names = asked["names"]
oldest = time.time() - asked["olderThanMs"] / 1000
stopping = False
swept = {"files": 0, "bytes": 0, "left": {}, "failed": [], "failures": 0}


def stop(*_):
    global stopping
    stopping = True


def leave(why):
    swept["left"][why] = swept["left"].get(why, 0) + 1


def failed(path, error):
    swept["failures"] += 1
    if len(swept["failed"]) < TOLD:
        # Anybody may give a file a name that a terminal takes for an order.
        shown = "".join(letter if letter.isprintable() else "?" for letter in path)
        swept["failed"].append(f"{shown}: {error.strerror}")


def is_old(info):
    return max(info.st_mtime, info.st_ctime) <= oldest


def same(one, other):
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def mount_of(descriptor):
    """A directory that is mounted elsewhere too has the same device, but not the same mount."""
    with open(f"/proc/self/fdinfo/{descriptor}") as lines:
        return next(line for line in lines if line.startswith("mnt_id:"))


def open_root(path):
    """Part by part, so that no part is a link."""
    descriptor = os.open("/", DIRECTORY)
    for part in path.split("/")[1:]:
        inner = os.open(part, DIRECTORY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    return descriptor


def is_open_elsewhere(descriptor):
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        return False
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP):
            return True
        raise


def go(name, directory, info):
    if asked["remove"]:
        os.unlink(name, dir_fd=directory)
    swept["files"] += 1
    swept["bytes"] += info.st_blocks * 512 if info.st_nlink == 1 else 0


def file(name, directory, info):
    if not is_old(info):
        return leave("too new")
    if stat.S_ISLNK(info.st_mode):
        return go(name, directory, info)
    if not stat.S_ISREG(info.st_mode):
        return leave("no files: sockets, pipes or devices")
    try:
        descriptor = os.open(name, FILE, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.ELOOP, errno.ENXIO):
            return leave("changed while it was looked at")
        raise
    try:
        now = os.fstat(descriptor)
        if not same(now, info) or not stat.S_ISREG(now.st_mode):
            return leave("changed while it was looked at")
        if is_open_elsewhere(descriptor):
            return leave("open, or not ours to tell whether it is")
        # Under the lease: nobody writes to it now.
        now = os.fstat(descriptor)
        if not is_old(now):
            return leave("too new")
        if not same(now, os.stat(name, dir_fd=directory, follow_symlinks=False)):
            return leave("changed while it was looked at")
        go(name, directory, now)
    finally:
        os.close(descriptor)


def inner(name, directory, info, path, mount, depth):
    if depth == DEEPEST:
        return leave("nested too deep")
    descriptor = os.open(name, DIRECTORY, dir_fd=directory)
    try:
        if os.fstat(descriptor).st_dev != device or mount_of(descriptor) != mount:
            return leave("on another filesystem")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return leave("directories that somebody has locked")
        level(descriptor, path + "/", mount, depth + 1)
        if names is not None or stopping:
            return None
        # What it was before anything in it was removed says how old it is.
        if not is_old(info) or (asked["remove"] and os.listdir(descriptor)):
            return None
        if asked["remove"] and same(os.fstat(descriptor), os.stat(name, dir_fd=directory, follow_symlinks=False)):
            os.rmdir(name, dir_fd=directory)
    finally:
        os.close(descriptor)


def entry(name, directory, path, mount, depth):
    info = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if SERVICES.match(name):
        return leave("of a service that may run")
    if any(pattern.match(name) or pattern.match(path) for pattern in keep):
        return leave(asked["keepWhy"])
    if stat.S_ISDIR(info.st_mode):
        return inner(name, directory, info, path, mount, depth)
    if names is None or name in names:
        file(name, directory, info)


def level(directory, prefix, mount, depth):
    for name in sorted(os.listdir(directory)):
        if stopping:
            return
        path = prefix + name
        try:
            entry(name, directory, path, mount, depth)
        except FileNotFoundError:
            pass  # Somebody was faster.
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                failed(path, error)


# The worker may be killed; the next one begins anew.
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
signal.signal(signal.SIGTERM, stop)
# Sent where somebody opens a file that there is a lease on; its default is to end this process.
signal.signal(signal.SIGIO, signal.SIG_IGN)
try:
    root = open_root(asked["root"])
except FileNotFoundError:
    root = None
except NotADirectoryError:
    sys.exit(f"{asked['root']}: is no directory, or leads through a link")
except OSError as error:
    sys.exit(f"{asked['root']}: {error.strerror}")
if root is not None:
    device = os.fstat(root).st_dev
    level(root, "", mount_of(root), 0)
# Names may be no UTF-8.
print(json.dumps(swept))
