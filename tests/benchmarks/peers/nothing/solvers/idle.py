"""A solver that does nothing."""

from benchopt import BaseSolver


class Solver(BaseSolver):
    name = "idle"
    sampling_strategy = "run_once"

    def set_objective(self, x, y):
        self.x, self.y = x, y

    def run(self, _):
        self.answer = 0.0

    def get_result(self):
        return {"answer": self.answer}
