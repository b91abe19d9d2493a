"""The smallest case that still shows a finding: what can be taken away, in which order, how it is written.

Pure: what a case shows is asked of whoever searches.
"""
