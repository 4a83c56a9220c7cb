# tools: granted
import tools

print(tools.weather.forecast(ctiy="Rome"))
