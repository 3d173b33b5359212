declare module "d3-geo-projection" {
  /** Project GeoJSON to the plane, cut where the projection cuts. */
  export function geoProject(object: unknown, projection: unknown): unknown;
}
