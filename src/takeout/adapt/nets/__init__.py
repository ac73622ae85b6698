"""Three nets that know no rule and catch what no rule foresaw."""
