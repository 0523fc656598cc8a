// A linear discontinuous sweep of a slab as one would write it by hand: the peer of
// crates/transport/examples/bench_sweep.rs. Ordinates innermost, so that the compiler can use
// whole vector registers; flux moments of all ordinates summed as the sweep goes.
//   cc -O3 -march=native -ffast-math -o ld_sweep ld_sweep.c -lm && ./ld_sweep 100000
// Prints the same JSON line. S16: 8 ordinates each way, double Gauss; one thread.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HALF = 8, ROUNDS = 9 };

// Gauss-Legendre with 8 nodes on [0, 1].
static const double MU[HALF] = {
    0.019855071751231884, 0.10166676129318664, 0.23723379504183550, 0.40828267875217510,
    0.59171732124782490,  0.76276620495816450, 0.89833323870681336, 0.98014492824876812};
static const double WEIGHT[HALF] = {
    0.050614268145188130, 0.11119051722668724, 0.15685332293894364, 0.18134189168918099,
    0.18134189168918099,  0.15685332293894364, 0.11119051722668724, 0.050614268145188130};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sweep(int cells, const double *edges, const int *material, const double *total,
                  const double *source, double *flux) {
    memset(flux, 0, 2 * sizeof(double) * cells);
    for (int way = 0; way < 2; way++) {
        double sign = way ? -1.0 : 1.0;
        double edge[HALF] = {0};
        for (int step = 0; step < cells; step++) {
            int c = way ? cells - 1 - step : step;
            double h = edges[c + 1] - edges[c], sh = total[material[c]] * h;
            double q0 = h * source[2 * c], q1 = sign * h * source[2 * c + 1];
            double f0 = 0.0, f1 = 0.0;
            for (int n = 0; n < HALF; n++) {
                // (mu + sh) p0 + mu p1 = q0 + mu in, -3 mu p0 + (3 mu + sh) p1 = q1 - 3 mu in
                double m = MU[n], a = m + sh, d = 3 * m + sh;
                double r0 = q0 + m * edge[n], r1 = q1 - 3 * m * edge[n];
                double scale = 1.0 / (a * d + 3 * m * m);
                double p0 = scale * (d * r0 - m * r1), p1 = scale * (a * r1 + 3 * m * r0);
                edge[n] = p0 + p1;
                f0 += WEIGHT[n] * p0;
                f1 += WEIGHT[n] * p1;
            }
            flux[2 * c] += f0;
            flux[2 * c + 1] += sign * f1;
        }
    }
}

int main(int argc, char **argv) {
    int cells = argc > 1 ? atoi(argv[1]) : 100000;
    double *edges = malloc(sizeof(double) * (cells + 1));
    int *material = malloc(sizeof(int) * cells);
    double *source = calloc(2 * cells, sizeof(double)), *flux = malloc(2 * sizeof(double) * cells);
    double total[2] = {1.0, 2.0}, times[ROUNDS];
    for (int c = 0; c <= cells; c++) edges[c] = 100.0 * c / cells;
    for (int c = 0; c < cells; c++) {
        material[c] = c / 10 % 2;
        source[2 * c] = 0.5;
    }
    sweep(cells, edges, material, total, source, flux);
    for (int r = 0; r < ROUNDS; r++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        sweep(cells, edges, material, total, source, flux);
        clock_gettime(CLOCK_MONOTONIC, &to);
        times[r] = ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / (16.0 * cells);
    }
    qsort(times, ROUNDS, sizeof(double), compare);
    printf("{\"program\": \"c\", \"scheme\": \"linear_discontinuous\", \"cells\": %d, \"ordinates\": 16, "
           "\"threads\": 1, \"best_ns\": %.2f, \"median_ns\": %.2f, \"middle\": %.12f}\n",
           cells, times[0], times[ROUNDS / 2], flux[2 * (cells / 2)]);
    return 0;
}
