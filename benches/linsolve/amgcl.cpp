/* Times AMGCL, as bench_petsc.py does PETSc: one JSON line a solver.
 *   amgcl --n N --threads T --rhs FILE --solver NAME      (OMP_NUM_THREADS=T)
 *   amgcl --list
 * AMGCL is a library of headers: see `run` for how this is compiled. */
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <amgcl/adapter/crs_tuple.hpp>
#include <amgcl/amg.hpp>
#include <amgcl/backend/builtin.hpp>
#include <amgcl/coarsening/ruge_stuben.hpp>
#include <amgcl/coarsening/smoothed_aggregation.hpp>
#include <amgcl/make_solver.hpp>
#include <amgcl/preconditioner/dummy.hpp>
#include <amgcl/relaxation/as_preconditioner.hpp>
#include <amgcl/relaxation/chebyshev.hpp>
#include <amgcl/relaxation/gauss_seidel.hpp>
#include <amgcl/relaxation/ilu0.hpp>
#include <amgcl/relaxation/spai0.hpp>
#include <amgcl/solver/cg.hpp>

using Double = amgcl::backend::builtin<double>;
using Single = amgcl::backend::builtin<float>;

struct System {
    long n, unknowns;
    std::vector<int> ptr, col;
    std::vector<double> val, b, x;
};

static System poisson(long n) {
    System s{n, n * n * n, {0}, {}, {}, {}, {}};
    for (long i = 0; i < n; i++)
        for (long j = 0; j < n; j++)
            for (long k = 0; k < n; k++) {
                const long row = (i * n + j) * n + k;
                const auto entry = [&](bool present, long column, double value) {
                    if (present) {
                        s.col.push_back((int)column);
                        s.val.push_back(value);
                    }
                };
                entry(i > 0, row - n * n, -1);
                entry(j > 0, row - n, -1);
                entry(k > 0, row - 1, -1);
                entry(true, row, 6);
                entry(k < n - 1, row + 1, -1);
                entry(j < n - 1, row + n, -1);
                entry(i < n - 1, row + n * n, -1);
                s.ptr.push_back((int)s.col.size());
            }
    s.x.assign(s.unknowns, 0.0);
    return s;
}

static double relative_residual(const System &s) {
    double rr = 0, bb = 0;
    for (long i = 0; i < s.unknowns; i++) {
        double r = s.b[i];
        for (int k = s.ptr[i]; k < s.ptr[i + 1]; k++)
            r -= s.val[k] * s.x[s.col[k]];
        rr += r * r;
        bb += s.b[i] * s.b[i];
    }
    return std::sqrt(rr / bb);
}

static long resident(const std::string &field) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind(field, 0) == 0)
            return 1024 * std::stol(line.substr(field.size() + 1));
    return 0;
}

struct Clock {
    double wall, cpu;
    static Clock now() {
        rusage u;
        getrusage(RUSAGE_SELF, &u);
        const auto t = std::chrono::steady_clock::now().time_since_epoch();
        return {std::chrono::duration<double>(t).count(),
                u.ru_utime.tv_sec + u.ru_stime.tv_sec + 1e-6 * (u.ru_utime.tv_usec + u.ru_stime.tv_usec)};
    }
};

/* AMGCL tells the complexity only in the text that it prints. */
template <class P>
static std::string complexity(const P &preconditioner) {
    std::ostringstream text;
    text << preconditioner;
    const std::string label = "Operator complexity:";
    const auto at = text.str().find(label);
    if (at == std::string::npos)
        return "";
    return ", \"operator_complexity\": " + std::to_string(std::stod(text.str().substr(at + label.size())));
}

template <class Preconditioner>
static void measure(System &s, int threads, const char *name, const char *kind) {
    using Solver = amgcl::make_solver<Preconditioner, amgcl::solver::cg<Double>>;
    typename Solver::params parameters;
    parameters.solver.tol = 1e-8;
    parameters.solver.maxiter = 10000;
    /* Resets VmHWM to VmRSS. */
    std::ofstream("/proc/self/clear_refs") << "5";
    const long held = resident("VmRSS:");
    const Clock start = Clock::now();
    Solver solve(std::tie(s.unknowns, s.ptr, s.col, s.val), parameters);
    const Clock ready = Clock::now();
    size_t iterations;
    double recurrence;
    std::tie(iterations, recurrence) = solve(s.b, s.x);
    const Clock end = Clock::now();
    const long extra = resident("VmHWM:") - held;
    const double residual = relative_residual(s);
    std::printf("{\"problem\": \"poisson3d\", \"program\": \"amgcl\", \"version\": \"headers\", \"solver\": \"%s\", "
                "\"kind\": \"%s\", \"n\": %ld, \"threads\": %d, \"iterations\": %zu, \"converged\": %s, "
                "\"set_up_s\": %.9f, \"set_up_cpu_s\": %.9f, \"solve_s\": %.9f, \"solve_cpu_s\": %.9f, "
                "\"relative_residual\": %.6e, \"extra_peak_bytes\": %ld, \"matrix_bytes\": %zu%s}\n",
                name, kind, s.n, threads, iterations, residual <= 1.1e-8 ? "true" : "false", ready.wall - start.wall,
                ready.cpu - start.cpu, end.wall - ready.wall, end.cpu - ready.cpu, residual, extra,
                12 * s.val.size() + 4 * s.ptr.size(), complexity(solve.precond()).c_str());
}

template <class Backend, template <class> class Coarsening, template <class> class Relaxation>
using Amg = amgcl::amg<Backend, Coarsening, Relaxation>;

int main(int argc, char **argv) {
    using namespace amgcl;
    using coarsening::ruge_stuben;
    using coarsening::smoothed_aggregation;
    using relaxation::chebyshev;
    using relaxation::gauss_seidel;
    using relaxation::spai0;
    using Run = std::function<void(System &, int)>;
#define SOLVER(name, kind, ...) {name, [](System &s, int t) { measure<__VA_ARGS__>(s, t, name, kind); }}
    const std::vector<std::pair<std::string, Run>> solvers = {
        SOLVER("cg", "krylov", preconditioner::dummy<Double>),
        SOLVER("ilu0+cg", "ic", relaxation::as_preconditioner<Double, relaxation::ilu0>),
        SOLVER("sa_spai0+cg", "amg", Amg<Double, smoothed_aggregation, spai0>),
        SOLVER("sa_spai0_f32+cg", "amg", Amg<Single, smoothed_aggregation, spai0>),
        SOLVER("sa_gs+cg", "amg", Amg<Double, smoothed_aggregation, gauss_seidel>),
        SOLVER("sa_chebyshev+cg", "amg", Amg<Double, smoothed_aggregation, chebyshev>),
        SOLVER("rs_spai0+cg", "amg", Amg<Double, ruge_stuben, spai0>),
        SOLVER("rs_gs+cg", "amg", Amg<Double, ruge_stuben, gauss_seidel>),
    };
    std::map<std::string, std::string> given;
    for (int i = 1; i < argc; i++) {
        if (std::string(argv[i]) == "--list") {
            for (const auto &solver : solvers)
                std::cout << solver.first << "\n";
            return 0;
        }
        if (i + 1 < argc)
            given[argv[i]] = argv[i + 1], i++;
    }
    System s = poisson(std::stol(given.at("--n")));
    s.b.resize(s.unknowns);
    std::ifstream file(given.at("--rhs"), std::ios::binary);
    if (!file.read(reinterpret_cast<char *>(s.b.data()), 8 * s.unknowns)) {
        std::cerr << given["--rhs"] << " holds less than " << s.unknowns << " numbers\n";
        return 1;
    }
    for (const auto &solver : solvers)
        if (solver.first == given.at("--solver")) {
            solver.second(s, std::stoi(given.at("--threads")));
            return 0;
        }
    std::cerr << "no solver " << given["--solver"] << ", see --list\n";
    return 1;
}
