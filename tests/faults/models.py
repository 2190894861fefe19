"""Models that misbehave in every way a plugin can, and one that does not; the source of a plugin for tests."""

SOURCE = '''
import ctypes, mmap, os, signal, subprocess, sys, time
from bench import ModelSpec, Role, hookimpl
from bench.spaces import CLASS

FAULTS = (
    "healthy", "raises", "hangs", "hangs_in_c", "segfaults", "exits", "leaves", "allocates", "allocates_in_torch",
    "allocates_in_workers", "allocates_shared", "workers_share",
    "nan", "wrong_shape", "prints", "leaves_child", "kills_itself", "closes_output", "garbage", "no_model", "daemon",
)


@hookimpl
def bench_models():
    for name in FAULTS:
        yield ModelSpec(
            name=name.replace("_", "-"), family="deep", roles=(Role("predict", target=CLASS),), target=f"faulty:{name}"
        )


def healthy(problem):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(problem.input_size, problem.output_size))


def at_step(act):
    """Behave until training has begun; only then fail."""
    def build(problem):
        from torch import nn

        class Faulty(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(problem.input_size, problem.output_size)
                self.calls = 0

            def forward(self, x):
                self.calls += self.training
                answer = self.layer(x.flatten(1))
                return act(answer) if self.calls > 4 else answer

        return Faulty()
    return build


@at_step
def raises(answer):
    raise ValueError("<script>alert('a $LaTeX_model$ | broke')</script>")


@at_step
def hangs(answer):
    time.sleep(3600)


@at_step
def hangs_in_c(answer):
    ctypes.PyDLL(None).sleep(3600)  # PyDLL keeps the interpreter lock: no thread of ours can run


@at_step
def segfaults(answer):
    ctypes.string_at(0)


@at_step
def exits(answer):
    os._exit(3)


@at_step
def leaves(answer):
    sys.exit("leaving early")


@at_step
def allocates(answer):
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * (16 << 20))


@at_step
def allocates_in_torch(answer):
    import torch
    hoard = []
    while True:
        hoard.append(torch.ones(4 << 20))


@at_step
def allocates_in_workers(answer):
    # Each of them stays below the limit, and so does their parent; together they do not.
    for _ in range(4):
        if os.fork() == 0:
            hoard = bytearray(b"x") * (300 << 20)
            time.sleep(3600)
    time.sleep(3600)


@at_step
def allocates_shared(answer):
    # Shared memory is no data segment, so the kernel's own limit does not see it.
    hoard = mmap.mmap(-1, 2 << 30)
    while hoard.write(b"x" * (16 << 20)):
        pass
    time.sleep(3600)


@at_step
def workers_share(answer):
    # Shared by two workers, not by their parent, who made it and never touched it.
    shared = mmap.mmap(-1, 900 << 20)
    for _ in range(2):
        if os.fork() == 0:
            for _ in range(9):
                shared.write(b"x" * (100 << 20))
            time.sleep(3600)
    time.sleep(3600)


@at_step
def nan(answer):
    return answer * float("nan")


def wrong_shape(problem):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(problem.input_size, problem.output_size + 1))


@at_step
def prints(answer):
    print("spam " * 100_000)
    return answer


@at_step
def leaves_child(answer):
    subprocess.Popen(["sleep", "3600"], start_new_session=True)
    return answer


@at_step
def daemon(answer):
    subprocess.run(["sh", "-c", "setsid sleep 3600 >/dev/null 2>&1 &"], check=True)
    return answer


@at_step
def kills_itself(answer):
    os.kill(os.getpid(), signal.SIGKILL)


@at_step
def closes_output(answer):
    os.closerange(1, 3)
    return answer


@at_step
def garbage(answer):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"not a message\\n")
        except OSError:
            pass
    os._exit(0)


def no_model(problem):
    return None
'''
