/**
 * How values become colours on the graphics card: the same mapping as the server's, see `style.py`.
 *
 * Values are codes in whole numbers, looked up and never interpolated: neither a class nor a place
 * without data has a value between it and its neighbour.
 */

/** A rectangle whose sides are `place` (left, top, right, bottom) in clip space; `at` goes from its top left, 0 to 1. */
export const CORNERS = `#version 300 es
uniform vec4 place;
out vec2 at;
void main() {
  at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(mix(place.xy, place.zw, at), 0.0, 1.0);
}`;

export const LINEAR = 0, LOG = 1, SYMLOG = 2, CLASSES = 3, BANDS = 4, STEPS = 5;

export const VALUES = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2DArray;
uniform usampler2DArray codes;
uniform sampler2D table;
uniform sampler2D steps; // low and high end of each interval
uniform vec2 packing; // scale, offset
uniform int kind;
uniform vec3 stretch; // low end and inverse length after the scale's own function; threshold of symlog
uniform vec2 ranges[3];
uniform float opacity;
in vec2 at;
out vec4 color;

float bend(float value) {
  if (kind == ${LOG}) return log(max(value, 1e-38));
  if (kind == ${SYMLOG}) return sign(value) * log(1.0 + abs(value) / stretch.z);
  return value;
}

int classOf(float value) {
  float whole = floor(value + 0.5);
  return abs(value - whole) < 0.01 ? int(whole - stretch.x) : -1;
}

int intervalOf(float value, int count) {
  for (int i = 0; i < count; i++) {
    vec2 ends = texelFetch(steps, ivec2(i, 0), 0).rg;
    if (value >= ends.x && value < ends.y) return i;
  }
  return -1;
}

vec4 paint(float value) {
  int count = textureSize(table, 0).x;
  int index;
  if (kind == ${CLASSES}) index = classOf(value);
  else if (kind == ${STEPS}) index = intervalOf(value, count);
  else index = min(int(clamp((bend(value) - stretch.x) * stretch.y, 0.0, 1.0) * float(count)), count - 1);
  if (index < 0 || index >= count) return vec4(0.0);
  return texelFetch(table, ivec2(index, 0), 0);
}

float level(uint code, vec2 range) {
  float value = packing.y + packing.x * float(code);
  return floor(clamp((value - range.x) * range.y, 0.0, 1.0) * 255.0 + 0.5) / 255.0;
}

void main() {
  ivec2 size = textureSize(codes, 0).xy;
  ivec2 texel = min(ivec2(at * vec2(size)), size - 1);
  uint first = texelFetch(codes, ivec3(texel, 0), 0).r;
  vec4 straight = vec4(0.0);
  if (kind == ${BANDS}) {
    uint second = texelFetch(codes, ivec3(texel, 1), 0).r;
    uint third = texelFetch(codes, ivec3(texel, 2), 0).r;
    if (first > 0u && second > 0u && third > 0u) {
      straight = vec4(level(first, ranges[0]), level(second, ranges[1]), level(third, ranges[2]), 1.0);
    }
  } else if (first > 0u) {
    straight = paint(packing.y + packing.x * float(first));
  }
  float alpha = straight.a * opacity;
  color = vec4(straight.rgb * alpha, alpha);
}`;

/** A picture that came with its colours, premultiplied. */
export const PICTURE = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform float opacity;
in vec2 at;
out vec4 color;
void main() {
  color = texture(picture, at) * opacity;
}`;
