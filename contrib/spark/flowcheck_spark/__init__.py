"""Archives of captures, analysed by the flowcheck binary in the tasks of Apache Spark."""
