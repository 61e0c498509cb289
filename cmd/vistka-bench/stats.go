package main

import (
	"math"
	"slices"
)

// median is the middle of the values, or the mean of the two in the middle; NaN of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// percentile is the smallest value that at least p percent of the values do
// not exceed (nearest rank); NaN of none.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// medianOf is the median of one figure of those samples that are meant.
func medianOf[S any](samples []S, meant func(S) bool, figure func(S) float64) float64 {
	var values []float64
	for _, s := range samples {
		if meant(s) {
			values = append(values, figure(s))
		}
	}
	return median(values)
}
