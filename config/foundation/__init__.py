"""The ground all apps stand on: no tables, nothing imported from above."""
