/* STREAM-like triad a = b + s c over three arrays: the bandwidth that a memory-bound kernel can have.
 *   triad MEGABYTES [REPEAT]     (all three arrays together; OMP_NUM_THREADS threads)
 * Prints one JSON line with the best of REPEAT passes. 24 bytes an entry: what a store reads first to
 * fill its cache line is not counted, as STREAM does not. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const long megabytes = argc > 1 ? atol(argv[1]) : 480;
    const int repeat = argc > 2 ? atoi(argv[2]) : 20;
    const long n = megabytes * 1000000 / 24;
    double *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b), *c = malloc(n * sizeof *c);
    if (n < 1 || !a || !b || !c) {
        fprintf(stderr, "triad: no memory for %ld MB\n", megabytes);
        return 1;
    }
    /* Each thread touches its own part first, so that the pages lie near it. */
#pragma omp parallel for schedule(static)
    for (long i = 0; i < n; i++) {
        a[i] = 0.0;
        b[i] = 1.0 + i;
        c[i] = 2.0;
    }
    double best = 1e300;
    for (int pass = 0; pass < repeat; pass++) {
        const double s = 1e-3 * (pass + 1);
        const double started = omp_get_wtime();
#pragma omp parallel for schedule(static)
        for (long i = 0; i < n; i++)
            a[i] = b[i] + s * c[i];
        const double seconds = omp_get_wtime() - started;
        if (seconds < best)
            best = seconds;
    }
    /* The result is looked at, or the compiler may drop the loop. */
    if (a[n / 2] != b[n / 2] + 1e-3 * repeat * 2.0) {
        fprintf(stderr, "triad: wrong result\n");
        return 1;
    }
    printf("{\"kernel\": \"triad\", \"program\": \"c\", \"threads\": %d, \"seconds\": %.9f, \"bytes\": %ld}\n",
           omp_get_max_threads(), best, 24 * n);
    return 0;
}
