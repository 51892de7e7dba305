# One act of each program family, with arguments a test can know again. argv: a directory of its own.
import ctypes, os, platform, signal, socket, sys

place = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == 'aarch64'
number = dict(bpf=280, keyctl=219, userfaultfd=282, io_uring_setup=425, process_vm_writev=271, finit_module=273, capset=91, pidfd_open=434, pivot_root=41, ptrace=117) if arm else \
    dict(bpf=321, keyctl=250, userfaultfd=323, io_uring_setup=425, process_vm_writev=311, finit_module=313, capset=126, pidfd_open=434, pivot_root=155, ptrace=101)


def call(name, *values):
    return libc.syscall(ctypes.c_long(number[name]), *[ctypes.c_long(v) if isinstance(v, int) else v for v in values])


def apart(act):
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def files():
    path = place + '/file'
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    os.chmod(path, 0o4755)
    os.chown(path, 12, 34)
    os.link(path, place + '/hard')
    os.symlink('/etc/shadow', place + '/soft')
    os.rename(path, place + '/renamed')
    os.unlink(place + '/renamed')
    os.mkdir(place + '/folder')
    os.rmdir(place + '/folder')


def mounts():
    libc.unshare(0x00020000)
    libc.mount(b'none', b'/', None, 0x44000, None)
    os.mkdir(place + '/root')
    libc.mount(b'tmpfs', (place + '/root').encode(), b'tmpfs', 0, b'size=1m')
    os.mkdir(place + '/root/old')
    call('pivot_root', (place + '/root').encode(), (place + '/root/old').encode())
    libc.umount2(b'/old', 2)


def network():
    server = socket.socket()
    server.bind(('127.0.0.1', 0))
    server.listen(7)
    client = socket.create_connection(server.getsockname())
    server.accept()
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.sendto(b'x', ('127.0.0.1', 4242))
    datagram.sendmsg([b'x'], [], 0, ('127.0.0.1', 4243))
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)


def privileges():
    call('bpf', 99, 0, 0)
    call('keyctl', 0, -3, 0)
    call('userfaultfd', 0o4000)
    call('io_uring_setup', 4, 0)
    call('process_vm_writev', os.getpid(), 0, 0, 0, 0, 0)
    call('finit_module', 0, b'given=1', 0)
    os.close(os.memfd_create('familiar'))
    libc.personality(0x0040000)
    call('ptrace', 16, 1, 0, 0)
    space = os.open('/proc/self/ns/net', os.O_RDONLY)
    libc.setns(space, 0x40000000)
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    call('capset', ctypes.byref(header), ctypes.byref(data))


def users():
    os.setresgid(1003, 1003, 1003)
    os.setresuid(1001, 1002, 1001)


def signals():
    child = os.fork()
    if child == 0:
        signal.pause()
    os.kill(child, signal.SIGUSR1)
    os.waitpid(child, 0)


for act in (files, mounts, network, privileges, users, signals):
    apart(act)
