"""Objective measures of muscle rigidity from surface EMG."""
